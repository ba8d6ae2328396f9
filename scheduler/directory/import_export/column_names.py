"""Names the columns of the directory's spreadsheets in Vietnamese. Files may use these or the English names."""

from collections.abc import Sequence

VIETNAMESE = {
    "id": "mã",
    "name": "tên",
    "level": "cấp",
    "parent": "đơn vị cấp trên",
    "abbr": "viết tắt",
    "unit": "đơn vị",
    "point": "điểm cầu",
    "label": "tên đầy đủ",
    "state": "trạng thái",
    "valid_from": "từ ngày",
    "valid_to": "đến ngày",
    "successor": "đơn vị thay thế",
    "address": "địa chỉ",
    "seats": "số chỗ ngồi",
    "managing_unit": "đơn vị quản lý",
    "security_owner": "phụ trách an toàn thông tin",
    "note": "ghi chú",
    "number": "số thứ tự",
    "kind": "loại",
    "protocol": "giao thức",
    "port": "cổng",
    "transport": "giao vận",
    "model": "kiểu máy",
    "serial": "số sê-ri",
    "firmware": "phần mềm",
    "asset_number": "số tài sản",
    "asset_source": "nguồn vốn",
    "asset_year": "năm trang bị",
    "encryption": "mã hóa sip",
    "sip_user": "số sip",
    "stream_path": "đường dẫn luồng",
    "auth_user": "tên xác thực sip",
    "media_addresses": "ip nguồn hình, tiếng",
    "sip_profile": "hồ sơ sip",
    "picture_kbps": "hình tối đa (kbit/s)",
    "codecs": "codec",
    "patched": "ngày cập nhật",
    "dial_out": "gọi ra",
    "camera_control": "điều khiển camera",
    "role": "nhiệm vụ",
    "phone": "số điện thoại",
    "email": "thư điện tử",
    "trained": "ngày đào tạo",
    "source": "văn bản",
}
"""Titles by column."""


def title(column: str) -> str:
    """Return the Vietnamese title of a column; what is none stays as it is."""
    return VIETNAMESE.get(column, column)


def titled(columns: Sequence[str]) -> tuple[str, ...]:
    """Return columns with their titles, as `scheduler.files.spreadsheet` takes them: ``phone|số điện thoại``."""
    return tuple(f"{column}|{title(column)}" for column in columns)
