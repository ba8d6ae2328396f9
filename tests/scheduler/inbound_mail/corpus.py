"""Letters as offices write them, with the expected reading of each; all came from Vạn Ninh on Monday 03/04/2023.

`points` are those of the first of several that are named, with their number; times are local.
"""

from dataclasses import dataclass, field

OFFICIAL = "05/04/2023 14:00-16:30"


@dataclass(frozen=True)
class Case:
    """A letter and its reading: fields as people write them, and the words of the questions."""

    name: str
    body: str
    subject: str = "Đăng ký họp trực tuyến"
    official: str | None = OFFICIAL
    rehearsal: str | None = None
    title: str | None = None
    host: str = "ubnd.van-ninh"
    points: tuple[str, ...] | None = None
    contact: tuple[str | None, str | None] = (None, None)
    recording: bool | None = None
    klass: str | None = None
    secret: bool | None = None
    questions: frozenset[str] = field(default_factory=frozenset)


def questions_of(*words: str) -> frozenset[str]:
    return frozenset(words)


HUYEN = 8  # districts without the writer's own
COMMUNES = 139

CASES = [
    Case(
        "as the regulation's annex has it",
        """Kính gửi: Sở Thông tin và Truyền thông tỉnh Khánh Hòa

UBND huyện Vạn Ninh đăng ký họp trực tuyến về việc triển khai công tác phòng chống
thiên tai năm 2023 lúc 14 giờ 00 ngày 05/4/2023 đến 16 giờ 30 cùng ngày, thành
phần: UBND thị trấn Vạn Giã, UBND xã Đại Lãnh. Đầu mối: Nguyễn Văn An, 0905 123 456, đề nghị ghi hình.
Cuộc họp không có nội dung bí mật nhà nước.

Trân trọng./.""",
        title="triển khai công tác phòng chống thiên tai năm 2023",
        points=("vn.vangia", "vn.dailanh"),
        contact=("Nguyễn Văn An", "0905 123 456"),
        recording=True,
        secret=False,
    ),
    Case(
        "labels",
        """UBND huyện Vạn Ninh đăng ký phiên họp trực tuyến:
- Nội dung: Giao ban tháng 4
- Thời gian: 14h00 - 16h30 ngày 05/04/2023
- Điểm cầu chủ trì: UBND huyện Vạn Ninh
- Điểm cầu thành phần: xã Vạn Bình; xã Vạn Phú; xã Vạn Long
- Đầu mối liên hệ: Trần Thị Bình
- Số điện thoại: 0914.222.333
- Ghi hình: Không
- Bí mật nhà nước: Không""",
        title="Giao ban tháng 4",
        points=("vn.vanbinh", "vn.vanphu", "vn.vanlong"),
        contact=("Trần Thị Bình", "0914.222.333"),
        recording=False,
        secret=False,
    ),
    Case(
        "no diacritics",
        """Kinh gui So TTTT,
UBND huyen Van Ninh dang ky hop truc tuyen tu 14h00 den 16h30 ngay 05/4/2023.
Noi dung: Hop giao ban
Thanh phan: UBND cac xa, thi tran thuoc huyen Van Ninh
Dau moi: Nguyen Van An - 0905123456
Khong co noi dung bi mat nha nuoc""",
        title="Hop giao ban",
        points=("vn.vangia", "#13"),
        contact=("Nguyen Van An", "0905123456"),
        secret=False,
    ),
    Case(
        "words for dates",
        """UBND huyện đăng ký họp trực tuyến vào hồi 14 giờ ngày 05 tháng 4 năm 2023, kết thúc lúc 16 giờ 30 phút.
Nội dung: Sơ kết quý I
Thành phần: UBND thành phố Nha Trang
Liên hệ: đ/c Lê Hoàng Nam, ĐT 0258 3840 123
Nội dung họp không thuộc bí mật nhà nước.""",
        title="Sơ kết quý I",
        points=("ubnd.nha-trang",),
        contact=("Lê Hoàng Nam", "0258 3840 123"),
        secret=False,
    ),
    Case(
        "in the afternoon, by twelve hours",
        """Đơn vị đăng ký họp trực tuyến: 2 giờ chiều đến 4 giờ 30 chiều thứ Tư ngày 05/4/2023
Nội dung: Tập huấn chuyển đổi số
Điểm cầu: UBND huyện Diên Khánh, UBND thị xã Ninh Hòa
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Tập huấn chuyển đổi số",
        points=("ubnd.dien-khanh", "ubnd.ninh-hoa"),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "a wrong weekday",
        """Đăng ký họp trực tuyến 14h-16h30 thứ Năm, ngày 05/4/2023
Nội dung: Giao ban
Thành phần: UBND huyện Diên Khánh
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Giao ban",
        points=("ubnd.dien-khanh",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("official:weekday-mismatch", "secret:not-declared"),
    ),
    Case(
        "no year",
        """Đăng ký họp trực tuyến từ 14h đến 16h30 ngày 05/4.
Nội dung: Giao ban
Thành phần: UBND huyện Diên Khánh
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Giao ban",
        points=("ubnd.dien-khanh",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("official:no-year", "secret:not-declared"),
    ),
    Case(
        "the day after tomorrow in words",
        """Đăng ký họp trực tuyến từ 14h đến 16h30 chiều mai.
Nội dung: Giao ban
Thành phần: UBND huyện Diên Khánh
Đầu mối: Phạm Minh Đức 0987654321""",
        official="04/04/2023 14:00-16:30",
        title="Giao ban",
        points=("ubnd.dien-khanh",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("official:relative-date", "secret:not-declared"),
    ),
    Case(
        "no end",
        """Đăng ký họp trực tuyến lúc 14 giờ 00 ngày 05/4/2023
Nội dung: Giao ban
Thành phần: UBND huyện Diên Khánh
Đầu mối: Phạm Minh Đức 0987654321""",
        official="05/04/2023 14:00-",
        title="Giao ban",
        points=("ubnd.dien-khanh",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("official:no-end", "secret:not-declared"),
    ),
    Case(
        "how long",
        """Đăng ký họp trực tuyến lúc 14 giờ 00 ngày 05/4/2023, thời lượng 150 phút
Nội dung: Giao ban
Thành phần: UBND huyện Diên Khánh
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Giao ban",
        points=("ubnd.dien-khanh",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "a rehearsal by label",
        """Đăng ký họp trực tuyến
Tổng duyệt: 14h00 - 15h00 ngày 04/4/2023
Họp chính thức: 14h00 - 16h30 ngày 05/4/2023
Nội dung: Hội nghị tổng kết năm học
Thành phần: UBND huyện Diên Khánh
Đầu mối: Phạm Minh Đức 0987654321""",
        rehearsal="04/04/2023 14:00-15:00",
        title="Hội nghị tổng kết năm học",
        points=("ubnd.dien-khanh",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "a rehearsal in the same sentence",
        """UBND huyện đăng ký họp trực tuyến từ 14h00 đến 16h30 ngày 05/4/2023 (tổng duyệt từ 8h00 đến 9h00 cùng ngày).
Nội dung: Giao ban
Thành phần: UBND huyện Diên Khánh
Đầu mối: Phạm Minh Đức 0987654321""",
        rehearsal="05/04/2023 08:00-09:00",
        title="Giao ban",
        points=("ubnd.dien-khanh",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "a rehearsal said behind its time",
        """UBND huyện đăng ký họp trực tuyến:
14 giờ 00 - 15 giờ 00 ngày 04/4/2023: tổng duyệt
14 giờ 00 - 16 giờ 30 ngày 05/4/2023: họp chính thức
Nội dung: Giao ban
Thành phần: UBND huyện Diên Khánh
Đầu mối: Phạm Minh Đức 0987654321""",
        rehearsal="04/04/2023 14:00-15:00",
        title="Giao ban",
        points=("ubnd.dien-khanh",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "documents, deadlines and checks around it",
        """Căn cứ Công văn số 123/UBND-VX ngày 01/4/2023 của UBND tỉnh về việc họp giao ban;
UBND huyện Vạn Ninh đăng ký phiên họp trực tuyến lúc 14h00 đến 16h30 ngày 05/4/2023.
Đề nghị các điểm cầu kiểm tra kỹ thuật lúc 13h30 ngày 05/4/2023, gửi danh sách trước 17h00 ngày 04/4/2023.
Nội dung: Giao ban
Thành phần: UBND huyện Diên Khánh
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Giao ban",
        points=("ubnd.dien-khanh",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "a heading with place and day",
        """Vạn Ninh, ngày 03 tháng 4 năm 2023

Kính gửi: Trung tâm CNTT và Dịch vụ hành chính công trực tuyến
UBND huyện đăng ký họp trực tuyến, cụ thể:
1. Nội dung: Giao ban quý I
2. Thời gian: 14 giờ 00 phút đến 16 giờ 30 phút, ngày 05/4/2023 (thứ Tư)
3. Thành phần: UBND các huyện, thị xã, thành phố
4. Đầu mối: Ông Phạm Minh Đức - Chánh Văn phòng - 0987654321""",
        title="Giao ban quý I",
        points=("ubnd.nha-trang", f"#{HUYEN}"),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "whole province",
        """Đăng ký họp trực tuyến toàn tỉnh, 14:00 – 16:30, 05/04/2023
Nội dung: Quán triệt nghị quyết
Thành phần: các sở, ban, ngành; UBND các huyện, thị xã, thành phố; UBND các xã, phường, thị trấn
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Quán triệt nghị quyết",
        points=("so.nv", f"#{20 + HUYEN + COMMUNES}"),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "a list below its label",
        """Đăng ký họp trực tuyến
Thời gian: 14h00-16h30, 05/04/2023
Nội dung: Giao ban
Thành phần:
- UBND huyện Diên Khánh
- Sở Nội vụ
- NT.XuongHuan
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Giao ban",
        points=("ubnd.dien-khanh", "so.nv", "nt.xuonghuan"),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "names behind a group",
        """Đăng ký họp trực tuyến 14h00-16h30 ngày 05/04/2023
Nội dung: Giao ban
Thành phần: UBND các huyện: Diên Khánh, Cam Lâm và Khánh Sơn
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Giao ban",
        points=("ubnd.dien-khanh", "ubnd.cam-lam", "ubnd.khanh-son"),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "who is no unit",
        """Đăng ký họp trực tuyến 14h00-16h30 ngày 05/04/2023
Nội dung: Giao ban
Thành phần: UBND huyện Diên Khánh, Hợp tác xã Vạn Lương
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Giao ban",
        points=("ubnd.dien-khanh",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("points:unknown-point", "secret:not-declared"),
    ),
    Case(
        "a name that two units have",
        """Đăng ký họp trực tuyến 14h00-16h30 ngày 05/04/2023
Nội dung: Giao ban
Thành phần: UBND huyện Cam Lâm, Diên Khánh
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Giao ban",
        points=("ubnd.cam-lam",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("points:ambiguous-point", "secret:not-declared"),
    ),
    Case(
        "for a commune",
        """UBND huyện Vạn Ninh đăng ký họp trực tuyến cho xã Vạn Bình
Điểm cầu chủ trì: UBND xã Vạn Bình
Thời gian: 14h00-16h30 ngày 05/04/2023
Nội dung: Giao ban xã
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        host="vn.vanbinh",
        title="Giao ban xã",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("host_point:other-host", "secret:not-declared"),
    ),
    Case(
        "a host nobody knows",
        """Đăng ký họp trực tuyến
Đơn vị chủ trì: Hội Nông dân
Thời gian: 14h00-16h30 ngày 05/04/2023
Nội dung: Giao ban
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Giao ban",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("host_point:unknown-point", "secret:not-declared"),
    ),
    Case(
        "an emergency",
        """KHẨN CẤP: đăng ký họp trực tuyến ứng phó bão số 3
từ 14h00 đến 16h30 ngày 05/04/2023
Nội dung: Ứng phó bão số 3
Thành phần: UBND các xã, thị trấn thuộc huyện Vạn Ninh
Đầu mối: Phạm Minh Đức 0987654321""",
        subject="Khẩn cấp: đăng ký họp trực tuyến",
        title="Ứng phó bão số 3",
        points=("vn.vangia", "#13"),
        contact=("Phạm Minh Đức", "0987654321"),
        klass="khan_cap",
        questions=questions_of("class:confirm-class", "secret:not-declared"),
    ),
    Case(
        "a sudden one by label",
        """Đăng ký họp trực tuyến
Loại họp: Đột xuất
Thời gian: 14h00-16h30 ngày 05/04/2023
Nội dung: Phòng cháy
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Phòng cháy",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        klass="dot_xuat",
        questions=questions_of("class:confirm-class", "secret:not-declared"),
    ),
    Case(
        "secrets",
        """Đăng ký họp trực tuyến có nội dung bí mật nhà nước
Thời gian: 14h00-16h30 ngày 05/04/2023
Nội dung: Giao ban
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Giao ban",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        secret=True,
    ),
    Case(
        "nothing but the wish",
        "Kính gửi Sở, UBND huyện xin đăng ký họp trực tuyến vào 14h ngày 05/4/2023. Chi tiết gửi sau.",
        official="05/04/2023 14:00-",
        questions=questions_of(
            "official:no-end",
            "title:required",
            "points:required",
            "contact_name:required",
            "contact_phone:required",
            "secret:not-declared",
        ),
    ),
    Case(
        "two times",
        """Đăng ký họp trực tuyến
Thời gian: 14h00-16h30 ngày 05/4/2023
Nội dung: Giao ban
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321
Thời gian họp: 14h00-16h30 ngày 06/4/2023""",
        title="Giao ban",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("official:two-values", "secret:not-declared"),
    ),
    Case(
        "morning and afternoon",
        """Đăng ký họp trực tuyến
Thời gian: sáng từ 8h00-11h30, chiều từ 14h00-16h30 ngày 05/4/2023
Nội dung: Tập huấn
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        official="05/04/2023 08:00-11:30",
        title="Tập huấn",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("official:several-times", "secret:not-declared"),
    ),
    Case(
        "two days",
        """Đăng ký họp trực tuyến từ 14h00 ngày 05/4/2023 đến 16h30 ngày 06/4/2023
Nội dung: Tập huấn
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        official="05/04/2023 14:00-06/04/2023 16:30",
        title="Tập huấn",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "the end before the start",
        """Đăng ký họp trực tuyến từ 14h00 đến 4h30 ngày 05/4/2023
Nội dung: Tập huấn
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        official="05/04/2023 14:00-04:30",
        title="Tập huấn",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("official:odd-hour", "official:end-before-start", "secret:not-declared"),
    ),
    Case(
        "no day",
        """Đăng ký họp trực tuyến từ 14h00 đến 16h30
Nội dung: Tập huấn
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        official=None,
        title="Tập huấn",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("official:no-day", "official:required", "secret:not-declared"),
    ),
    Case(
        "start, end and day on lines of their own",
        """Đăng ký họp trực tuyến
Ngày họp: 05/4/2023
Bắt đầu: 14 giờ
Kết thúc: 16 giờ rưỡi
Nội dung: Tập huấn
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức
ĐT: 0987654321""",
        title="Tập huấn",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "lines that a mail program broke",
        """UBND huyện Vạn Ninh kính đề nghị Sở cho đăng ký họp trực tuyến vào lúc
14 giờ 00 đến 16 giờ 30 ngày 05/4/2023 về việc triển khai chiến dịch tiêm
chủng; thành phần: xã Vạn Phú, xã Vạn Bình; đầu mối: bà Trần Thị Bình, số
điện thoại 0914222333; không đề nghị ghi hình.""",
        title="triển khai chiến dịch tiêm chủng",
        points=("vn.vanphu", "vn.vanbinh"),
        contact=("Trần Thị Bình", "0914222333"),
        recording=False,
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "the subject says what it is about",
        """Kính gửi Sở, đề nghị đăng ký từ 14h00 đến 16h30 ngày 05/4/2023.
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        subject="V/v đăng ký họp trực tuyến giao ban công tác tư pháp",
        title="giao ban công tác tư pháp",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "a forwarded letter",
        """Chuyển Sở xem xét.
Đăng ký họp trực tuyến từ 14h00 đến 16h30 ngày 05/4/2023
Nội dung: Giao ban
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321
> Nội dung: Họp khác
> Thời gian: 8h00 ngày 01/4/2023""",
        subject="Fwd: đăng ký họp",
        title="Giao ban",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "the seven items of Điều 13.2.a in its own words",
        """Kính gửi: Sở Thông tin và Truyền thông
UBND huyện Vạn Ninh đăng ký họp trực tuyến, cụ thể như sau:
- Tên cơ quan (hoặc điểm cầu) chủ trì họp: UBND huyện Vạn Ninh
- Danh sách điểm cầu thành phần: UBND thị trấn Vạn Giã, UBND xã Đại Lãnh
- Thời gian tổng duyệt: 08 giờ 00 đến 09 giờ 00 ngày 05/4/2023
- Thời gian họp chính thức: 14 giờ 00 ngày 05/4/2023
- Thời gian dự kiến kết thúc: 16 giờ 30
- Thông tin đầu mối liên hệ (họ tên, số điện thoại): Nguyễn Văn An, 0905 123 456
- Hỗ trợ kỹ thuật khác (nếu có): ghi hình phiên họp
Trân trọng./.""",
        rehearsal="05/04/2023 08:00-09:00",
        points=("vn.vangia", "vn.dailanh"),
        contact=("Nguyễn Văn An", "0905 123 456"),
        recording=True,
        questions=questions_of("title:required", "secret:not-declared"),
    ),
    Case(
        "the end in a sentence of its own",
        """UBND huyện đăng ký họp trực tuyến lúc 14 giờ 00 ngày 05/4/2023.
Dự kiến kết thúc lúc 16 giờ 30.
Nội dung: Giao ban
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Giao ban",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "the end on a line of its own, by day and about",
        """Đăng ký họp trực tuyến
Thời gian: 14 giờ 00 ngày 05/4/2023
Dự kiến kết thúc: khoảng 16 giờ 30 phút ngày 06/4/2023
Nội dung: Tập huấn
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        official="05/04/2023 14:00-06/04/2023 16:30",
        title="Tập huấn",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "a rehearsal and a meeting, each with an end on a line of its own",
        """Đăng ký họp trực tuyến
1. Thời gian tổng duyệt: 14 giờ 00 ngày 04/4/2023
2. Kết thúc: 15 giờ 00
3. Thời gian họp chính thức: 14 giờ 00 ngày 05/4/2023
4. Kết thúc: 16 giờ 30
5. Nội dung: Tập huấn
6. Thành phần: xã Vạn Phú
7. Đầu mối: Phạm Minh Đức 0987654321""",
        rehearsal="04/04/2023 14:00-15:00",
        title="Tập huấn",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("secret:not-declared"),
    ),
    Case(
        "an end that is stated twice and differs",
        """Đăng ký họp trực tuyến
Thời gian họp chính thức: 14h00 - 16h30 ngày 05/4/2023
Thời gian dự kiến kết thúc: 17h00
Nội dung: Tập huấn
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        title="Tập huấn",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("official:several-times", "secret:not-declared"),
    ),
    Case(
        "a day without a time, and an end",
        """Đăng ký họp trực tuyến
Thời gian họp chính thức: ngày 05/4/2023
Thời gian dự kiến kết thúc: 16h30
Nội dung: Tập huấn
Thành phần: xã Vạn Phú
Đầu mối: Phạm Minh Đức 0987654321""",
        official=None,
        title="Tập huấn",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        questions=questions_of("official:required", "secret:not-declared"),
    ),
    Case(
        "contact and recording as lists below their labels",
        """Đăng ký họp trực tuyến
1. Thời gian họp chính thức: 14h00 - 16h30 ngày 05/4/2023
2. Địa điểm: Phòng họp số 1
3. Nội dung: Tập huấn
4. Địa điểm: Phòng họp số 1
5. Thành phần: xã Vạn Phú
6. Thông tin đầu mối liên hệ:
   - Họ và tên: Ông (bà) Phạm Minh Đức
   - Số điện thoại: 0987654321
7. Hỗ trợ kỹ thuật khác (nếu có): Ghi hình: Không""",
        title="Tập huấn",
        points=("vn.vanphu",),
        contact=("Phạm Minh Đức", "0987654321"),
        recording=False,
        questions=questions_of("secret:not-declared"),
    ),
]
