"""Texts for people about answers of ``diemcau setup`` that cannot be used, in Vietnamese and English."""

from collections.abc import Mapping

FIELDS: Mapping[str, tuple[str, str]] = {
    "setup-host": (
        "phải là tên máy như hop.khanhhoa.gov.vn (không có https://, không có dấu) hoặc địa chỉ IP",
        "must be a name as hop.khanhhoa.gov.vn (no https://) or an IP address",
    ),
    "setup-port": ("phải là số từ 1 đến 65535", "must be a number from 1 to 65535"),
    "setup-port-low": (
        "máy chủ không chạy bằng root nên không mở được cổng dưới {value}; dùng 8443, hoặc đặt"
        " net.ipv4.ip_unprivileged_port_start trong /etc/sysctl.d",
        "the server does not run as root and cannot open a port below {value}: take 8443, or set"
        " net.ipv4.ip_unprivileged_port_start in /etc/sysctl.d",
    ),
    "setup-port-taken": ("cổng này đang có chương trình khác dùng", "another program listens on this port"),
    "setup-count": ("phải là số nguyên từ 1 đến 100000", "must be a whole number from 1 to 100000"),
    "setup-mailbox": ("không phải địa chỉ thư điện tử", "is no mail address"),
    "setup-sender": ("cần địa chỉ gửi (sender)", "needs the address letters come from (sender)"),
    "setup-account": (
        "1–64 ký tự a-z 0-9 . _ -, bắt đầu bằng chữ hoặc số",
        "1-64 of a-z 0-9 . _ -, beginning with a letter or digit",
    ),
    "setup-account-taken": (
        "tài khoản {value} đã có và không phải quản trị viên",
        "there is an account {value}, which is no administrator",
    ),
    "setup-files": (
        'certificate và key đi cùng source = "files", và chỉ khi đó',
        'certificate and key go with source = "files", and only with it',
    ),
    "setup-units": (
        "cần đúng một trong hai: table hoặc shipped",
        "takes one of the two, table or shipped",
    ),
    "setup-too-large": ("tệp quá lớn", "the file is too large"),
    "setup-toml": ("lồng quá sâu, hoặc có số quá dài", "nested too deeply, or a number is too long"),
    "setup-not-utf8": ("tệp không phải văn bản UTF-8", "the file is not text in UTF-8"),
    "setup-not-read": ("không đọc được tệp {value}", "the file {value} cannot be read"),
    "setup-profile": ("quy chế không dùng được: {value}", "the profiles cannot be used: {value}"),
    "setup-settings": ("không dùng được: {value}", "cannot be used: {value}"),
    "setup-needs-address": (
        "cần địa chỉ (address.host) để biết chứng thư cấp cho tên nào",
        "needs the address (address.host) that the certificate is for",
    ),
    "setup-certificate-unreadable": (
        "không phải chứng thư dạng PEM (-----BEGIN CERTIFICATE-----)",
        "is no certificate in PEM (-----BEGIN CERTIFICATE-----)",
    ),
    "setup-key-unreadable": ("không phải khóa riêng dạng PEM", "is no private key in PEM"),
    "setup-key-encrypted": (
        "khóa riêng có mật khẩu; bỏ mật khẩu: openssl pkey -in KEY -out KEY-MOI",
        "the key has a passphrase; take it off: openssl pkey -in KEY -out NEW",
    ),
    "setup-key-of-another": (
        "khóa riêng không phải của chứng thư này (chứng thư của máy chủ phải đứng đầu tệp)",
        "the key is not that of this certificate (the server's own stands first in the file)",
    ),
    "setup-certificate-early": ("chứng thư chỉ có hiệu lực từ {value}", "the certificate is valid from {value} on"),
    "setup-certificate-ended": ("chứng thư đã hết hạn ngày {value}", "the certificate ended on {value}"),
    "setup-certificate-names": (
        "chứng thư không cấp cho địa chỉ này mà cho: {value}",
        "the certificate is not for this address but for: {value}",
    ),
    "setup-certificate-purpose": (
        "chứng thư không dùng cho máy chủ (extendedKeyUsage thiếu serverAuth)",
        "the certificate is not for servers (extendedKeyUsage without serverAuth)",
    ),
    "setup-chain": (
        "thứ tự chứng thư trong tệp sai: mỗi chứng thư phải do chứng thư ngay sau nó cấp",
        "the order in the file is wrong: each certificate is issued by the one after it",
    ),
    "setup-certificate-refused": ("OpenSSL không nhận: {value}", "OpenSSL refuses it: {value}"),
    "setup-authority-ends": (
        "CA của hệ thống hết hạn ngày {value}; chuyển thư mục authority đi chỗ khác để lập CA mới",
        "the own authority ends on {value}; move the folder authority away to make a new one",
    ),
    "setup-authority-key": (
        "có {value} nhưng thiếu authority.key; trả khóa về chỗ cũ để cấp chứng thư mới",
        "there is {value} without its authority.key; put the key back to issue a new certificate",
    ),
    "setup-server-unknown": ("không tìm thấy tên máy này (DNS)", "there is no host of this name (DNS)"),
    "setup-server-closed": ("không có dịch vụ nào ở cổng này", "nothing listens on this port"),
    "setup-server-silent": ("không trả lời", "does not answer in time"),
    "setup-server-unreached": ("không kết nối được: {value}", "cannot be connected to: {value}"),
    "setup-server-certificate": (
        "chứng thư của máy chủ này không tin được: {value}",
        "its certificate is not trusted: {value}",
    ),
    "setup-server-tls": ("không dùng TLS ở cổng này", "does not speak TLS on this port"),
    "setup-server-login": ("không nhận tài khoản hoặc mật khẩu ({value})", "refuses account or password ({value})"),
    "setup-server-answer": ("trả lời không đúng: {value}", "its answer is wrong: {value}"),
    "literal_error": ("không phải giá trị được dùng", "is not one of the possible values"),
}
