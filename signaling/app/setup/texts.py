"""Texts of ``diemcau setup``, in Vietnamese and English."""

from collections.abc import Mapping

from signaling.app.setup.answers import BadAnswer
from signaling.core.texts import Language, field_text

TEXTS: Mapping[str, tuple[str, str]] = {
    "title": (
        "Thiết lập Điểm cầu. Enter giữ giá trị trong [ ]; Ctrl-C dừng, chưa thay đổi gì cho đến khi xác nhận ở cuối.",
        "Sets Điểm cầu up. Enter takes what stands in [ ]; Ctrl-C stops, and nothing changes until you confirm.",
    ),
    "step": ("\n[{number}/{whole}] {title}", "\n[{number}/{whole}] {title}"),
    "address": ("Địa chỉ", "Address"),
    "host": ("Tên máy hoặc IP mà trình duyệt sẽ mở", "Name or IP that browsers open"),
    "port": ("Cổng HTTPS", "HTTPS port"),
    "profile": ("Quy chế của tỉnh", "Profile of the province"),
    "profile-regulation": (
        "QĐ 680/QĐ-UBND (2023), ba cấp tỉnh, huyện, xã",
        "QĐ 680/QĐ-UBND (2023): province, districts, communes",
    ),
    "profile-two-tier": (
        "như trên, và từ 01/07/2025 hai cấp tỉnh, xã (mẫu, chưa có quy chế mới)",
        "as above, and two tiers from 01/07/2025 (an example: no regulation is known)",
    ),
    "profile-present": ("giữ như hiện nay: {value}", "as it is: {value}"),
    "profile-other": ("tệp khác", "other files"),
    "profile-files": ("Các tệp YAML, cách nhau dấu hai chấm", "YAML files with colons between"),
    "units": ("Đơn vị, điểm cầu", "Units and points"),
    "units-present": ("giữ {count} đơn vị đang có", "keep the {count} units that are there"),
    "units-later": ("để sau", "later"),
    "units-shipped": ("Khánh Hòa hôm nay, đi kèm sản phẩm", "Khánh Hòa of today, shipped"),
    "units-table": ("từ bảng CSV hoặc XLSX", "from a table, CSV or XLSX"),
    "table": (
        "Tệp bảng (cột: mã, tên, cấp, đơn vị cấp trên, viết tắt, điểm cầu, từ ngày, đến ngày, đơn vị thay thế)",
        "File (columns: id, name, level, parent, abbr, point, valid_from, valid_to, successor)",
    ),
    "checking": ("Đang kiểm tra…", "Checking…"),
    "certificate": ("Chứng thư HTTPS", "HTTPS certificate"),
    "certificate-present": ("giữ chứng thư đang có", "keep the one that is there"),
    "certificate-self-signed": (
        "để máy chủ tự ký (trình duyệt sẽ cảnh báo)",
        "self-signed by the server (browsers warn)",
    ),
    "certificate-authority": (
        "CA riêng của hệ thống, cài một lần vào các trình duyệt",
        "an authority of our own, given to the browsers once",
    ),
    "certificate-files": ("chứng thư và khóa có sẵn (PEM)", "certificate and key of yours (PEM)"),
    "certificate-file": ("Tệp chứng thư", "File of the certificate"),
    "key-file": ("Tệp khóa riêng", "File of the key"),
    "administrator": ("Quản trị viên", "Administrator"),
    "administrator-present": ("Đã có: {value}. Lập thêm tài khoản khác?", "There is: {value}. Make another one?"),
    "account": ("Tên đăng nhập", "Account"),
    "name": ("Họ và tên", "Name"),
    "password": (
        "Mật khẩu, ít nhất 12 ký tự (Enter: tạo tự động)",
        "Password, 12 characters or more (Enter: make one)",
    ),
    "password-again": ("Nhập lại mật khẩu", "Password again"),
    "password-differs": ("hai lần nhập khác nhau", "the two differ"),
    "mail": ("Thư điện tử gửi đi", "Letters that go out"),
    "mail-present": ("giữ như hiện nay: {value}", "as it is: {value}"),
    "mail-none": ("không gửi thư", "no letters"),
    "mail-server": ("khai báo máy chủ SMTP", "name an SMTP server"),
    "smtp-host": ("Máy chủ SMTP", "SMTP server"),
    "smtp-tls": ("Mã hóa", "Encryption"),
    "tls-implicit": ("TLS ngay từ đầu (cổng 465)", "TLS from the first byte (port 465)"),
    "tls-starttls": ("STARTTLS (cổng 587)", "STARTTLS (port 587)"),
    "tls-none": ("không mã hóa", "none"),
    "smtp-port": ("Cổng", "Port"),
    "smtp-user": ("Tài khoản (Enter: không có)", "Account (Enter: none)"),
    "smtp-password": ("Mật khẩu của tài khoản thư", "Password of the mail account"),
    "smtp-sender": ("Địa chỉ gửi", "Address letters come from"),
    "smtp-authority": (
        "Tệp CA của máy chủ thư (Enter: CA của máy này)",
        "CA file of the mail server (Enter: this machine's)",
    ),
    "groups": ("Nhóm hỗ trợ", "Support groups"),
    "groups-file": ("Tệp YAML của các nhóm (Enter: không có)", "YAML file of the groups (Enter: none)"),
    "sso": ("Đăng nhập một lần", "Single sign-on"),
    "sso-file": (
        "Tệp TOML của OIDC, LDAP, mẫu ở tài liệu vận hành (Enter: không có)",
        "TOML file of OIDC, LDAP; the operations guide has one (Enter: none)",
    ),
    "capacity": ("Năng lực hệ thống", "Capacity"),
    "sessions": ("Số phiên họp đồng thời tối đa", "Most sessions at once"),
    "points": ("Tổng số điểm cầu đồng thời tối đa", "Most points at once"),
    "choice": ("Chọn", "Choose"),
    "bad-choice": ("chọn một số từ 1 đến {value}", "choose a number from 1 to {value}"),
    "yes-no": (" (c/k)", " (y/n)"),
    "bad-yes-no": ("trả lời c (có) hoặc k (không)", "answer y (yes) or n (no)"),
    "summary": ("\nSẽ thực hiện:", "\nThis will be done:"),
    "will-address": ("  - địa chỉ: {value}", "  - address: {value}"),
    "will-setting": ("  - {name} = {value}", "  - {name} = {value}"),
    "will-remove": ("  - bỏ {name}", "  - remove {name}"),
    "secret": ("(bí mật)", "(secret)"),
    "will-authority": ("  - lập CA riêng: {value}", "  - make an authority: {value}"),
    "will-certificate": ("  - chứng thư mới, hết hạn {value}", "  - a new certificate, until {value}"),
    "will-units": (
        "  - đơn vị: thêm {added}, đổi {changed}; {beside} đơn vị đang có mà bảng không nêu được giữ nguyên",
        "  - units: {added} added, {changed} changed; {beside} that the table does not name stay",
    ),
    "will-shipped": ("  - đơn vị của Khánh Hòa hôm nay", "  - units of Khánh Hòa of today"),
    "will-capacity": (
        "  - năng lực: {sessions} phiên họp, {points} điểm cầu",
        "  - capacity: {sessions} sessions, {points} points",
    ),
    "will-account": ("  - tài khoản quản trị: {value}", "  - administrator: {value}"),
    "account-stays": (
        "  - tài khoản {value} đã có, mật khẩu giữ nguyên",
        "  - there is an account {value}, whose password stays",
    ),
    "nothing": ("  (không có gì thay đổi)", "  (nothing changes)"),
    "server-mail": ("máy chủ thư {value}", "mail server {value}"),
    "server-oidc": ("máy chủ xác thực OIDC {value}", "OIDC provider {value}"),
    "server-ldap": ("danh bạ LDAP {value}", "LDAP directory {value}"),
    "server-answers": ("  - {server} trả lời đúng", "  - {server} answers"),
    "server-not-tried": ("  ! chưa thử được {server}: {why}", "  ! {server} could not be tried: {why}"),
    "server-refused": ("không dùng được {server}: {why}", "{server} cannot be used: {why}"),
    "not-ours": (
        "  ! {value} không phải địa chỉ của máy này; nếu qua NAT hãy khai DIEMCAU_MEDIA_ADDRESS và worker.env",
        "  ! {value} is no address of this machine; behind NAT set DIEMCAU_MEDIA_ADDRESS and worker.env",
    ),
    "readable": (
        "  ! tệp {value} người dùng khác đọc được: chmod 600",
        "  ! others may read {value}: chmod 600",
    ),
    "confirm": ("Thực hiện?", "Do it?"),
    "fine": ("Các câu trả lời dùng được; chưa thay đổi gì.", "The answers can be used; nothing was changed."),
    "refused": ("Không dùng được, chưa thay đổi gì:", "Refused, and nothing was changed:"),
    "stopped": ("Đã dừng, chưa thay đổi gì.", "Stopped, and nothing was changed."),
    "working": ("\nĐang thực hiện…", "\nWorking…"),
    "done": ("Xong.", "Done."),
    "generated": (
        "Tài khoản {account}, mật khẩu dùng một lần: {password}",
        "Account {account}, one-time password: {password}",
    ),
    "backup": ("Bản trước của tệp: {value}", "The file as it was: {value}"),
    "next": ("\nTiếp theo:", "\nNext:"),
    "next-authority": (
        "  - cài CA này vào các trình duyệt và thiết bị phòng họp: {value}",
        "  - give this authority to browsers and room displays: {value}",
    ),
    "next-authority-key": (
        "  - cất {value} ngoài máy này; chỉ cần khi cấp chứng thư mới",
        "  - keep {value} off this machine; only a new certificate needs it",
    ),
    "next-open": (
        "  - mở {value}, đăng nhập; trang Hôm nay liệt kê việc còn lại",
        "  - open {value} and sign in; the page Hôm nay lists what is left",
    ),
    "web": (
        "Mở trang thiết lập bằng một trong các liên kết sau (dùng được một lần, một giờ; Ctrl-C dừng):",
        "Open the set-up page by one of these links (once, within an hour; Ctrl-C stops):",
    ),
    "web-link": ("  {value}", "  {value}"),
    "web-fingerprint": (
        "Trình duyệt sẽ hỏi về chứng thư; chỉ đi tiếp khi SHA-256 của nó là\n  {value}",
        "Browsers ask about the certificate: go on only if its SHA-256 is\n  {value}",
    ),
    "web-opened": ("Trang thiết lập đã được mở từ {value}.", "The set-up page was opened from {value}."),
}


def text(word: str, language: Language, **values: object) -> str:
    """Return a text with values in it."""
    return TEXTS[word][language == "en"].format(**values)


def fault(error: BadAnswer, language: Language) -> str:
    """Return what is wrong with an answer."""
    return (
        text(error.word, language, value=error.value)
        if error.word in TEXTS
        else field_text(error.word, language, error.value)
    )
