"""Texts for people, in Vietnamese and English: titles of REST problems, WebSocket errors, faulty fields."""

import re
from collections.abc import Mapping
from typing import Literal

from signaling.core import directory_texts, setup_texts

Language = Literal["vi", "en"]
Pair = tuple[str, str]

PROBLEMS: Mapping[str, Pair] = {
    "signed-out": ("Chưa đăng nhập", "Not signed in"),
    "bad-login": ("Tài khoản hoặc mật khẩu không đúng", "Wrong account or password"),
    "second-factor": ("Cần xác thực bước hai", "The second factor must follow"),
    "bad-second-factor": ("Mã không đúng hoặc đã dùng", "The code is wrong, or was used"),
    "challenge-over": (
        "Đã quá thời gian xác thực bước hai, hãy đăng nhập lại",
        "The second step came too late, sign in again",
    ),
    "sso-failed": (
        "Đăng nhập một lần không thành công, hãy đăng nhập lại từ đầu",
        "Single sign-on did not succeed, begin again",
    ),
    "no-role": (
        "Tài khoản của ông/bà chưa được cấp quyền trên hệ thống này. Hãy báo quản trị viên",
        "Your account has no role on this system. Tell the administrator",
    ),
    "sso-unavailable": (
        "Máy chủ xác thực của tỉnh không trả lời. Hãy thử lại, hoặc đăng nhập bằng tài khoản của riêng hệ thống này",
        "The server that knows your account does not answer. Try again, or use an account of this system's own",
    ),
    "sign-in-again": (
        "Hãy đăng xuất rồi đăng nhập lại, sau đó làm việc này trong vòng 10 phút",
        "Sign out and in again, then do this within ten minutes",
    ),
    "must-enrol": ("Phải cài xác thực bước hai trước", "A second factor must be added first"),
    "bad-token": ("Mã truy cập của thiết bị không đúng", "No device has this token"),
    "invalid-token": (
        "Mã truy cập API không đúng, đã hết hạn, đã bị thu hồi hoặc không được dùng từ địa chỉ này",
        "The API token is unknown, expired, revoked, or may not be used from this address",
    ),
    "insufficient-scope": ("Mã truy cập API không có quyền này", "The API token does not have this scope"),
    "bad-sdp": ("Không dùng được bản mô tả SDP này", "This SDP offer cannot be answered"),
    "no-open-session": (
        "Điểm cầu chưa có phiên họp nào đang mở",
        "The site has no open session",
    ),
    "bad-key": ("Khóa của máy hoặc hệ thống gọi đến không đúng", "No machine and no system has this key"),
    "locked": ("Sai quá nhiều lần, hãy thử lại sau", "Too many failures, try again later"),
    "must-change-password": ("Phải đổi mật khẩu trước", "The password must be changed first"),
    "forbidden": ("Không được phép", "Not allowed"),
    "wrong-line": (
        "Không ở trên đường truyền đã đăng ký của điểm cầu (Điều 3.2). Hãy báo cán bộ kỹ thuật",
        "Not on the line that the point registered (Article 3.2). Tell the technician",
    ),
    "bad-origin": ("Yêu cầu đến từ trang khác", "The request came from another site"),
    "not-found": ("Không tìm thấy", "Not found"),
    "method-not-allowed": ("Phương thức không được hỗ trợ", "Method not allowed"),
    "bad-json": ("Nội dung không phải JSON hợp lệ", "The body is not valid JSON"),
    "bad-request": ("Yêu cầu không hợp lệ", "Bad request"),
    "shutting-down": (
        "Máy chủ đang khởi động lại, hãy thử lại sau ít phút",
        "The server restarts, try again in a moment",
    ),
    "too-slow": ("Nội dung gửi quá chậm", "The body comes too slowly"),
    "bad-encoding": ("Nội dung không được nén (Content-Encoding)", "The body must have no content coding"),
    "unsupported-type": ("Nội dung phải là application/json", "The body must be application/json"),
    "too-large": ("Nội dung lớn hơn 64 KiB", "The body is larger than 64 KiB"),
    "invalid": ("Thông tin chưa hợp lệ", "Some fields are not valid"),
    "capacity": (
        "Vượt mức năng lực được cấp (80 %, điểm a khoản 4 Điều 12)",
        "Over the capacity that may be given away (80 %, Article 12.4.a)",
    ),
    "wrong-registrant": ("Phiên họp này do đơn vị khác đăng ký (Điều 12)", "Another body registers it (Article 12)"),
    "state-secret": (
        "Từ chối – không tổ chức trên hệ thống này (khoản 2 Điều 5). Nội dung bí mật nhà nước chỉ họp trực tiếp hoặc"
        " qua mạng cơ yếu, theo pháp luật về bảo vệ bí mật nhà nước",
        "Refused: not held on this system (Article 5.2). State secrets are spoken of face to face or over the cipher"
        " network only, under the law on the protection of state secrets",
    ),
    "late": ("Đăng ký quá hạn (điểm a khoản 2 Điều 13)", "The registration comes too late (Article 13.2.a)"),
    "ended": ("Phiên họp đã kết thúc", "The session has ended"),
    "not-quarantined": (
        "Thư này không (hoặc không còn) chờ xác nhận người gửi",
        "The letter does not wait for its sender to be confirmed, or no longer",
    ),
    "settled": ("Bản nháp đã được xác nhận hoặc loại bỏ", "The draft was confirmed or discarded already"),
    "illegal-move": ("Việc này không thực hiện được ở trạng thái hiện tại", "This cannot be done in its present state"),
    "out-of-order": (
        "Có phiên họp đứng trước theo thứ tự (điểm b khoản 4 Điều 12); muốn cấp trước phải xác nhận và ghi lý do",
        "A session comes first in the order (Article 12.4.b); passing it needs a confirmation and a reason",
    ),
    "not-missed": (
        "Phiên họp đã có người mở, hoặc chưa quá giờ bắt đầu đủ lâu để giải phóng",
        "Somebody has opened this session, or it is too soon after its start to give it up",
    ),
    "not-live": ("Chỉ gia hạn được phiên họp đang diễn ra", "Only a meeting that is held can be extended"),
    "not-over": ("Phiên họp chưa diễn ra", "The session has not been held"),
    "closing-order": ("Chưa đúng thứ tự (khoản 1 Điều 15)", "Not in the right order (Article 15.1)"),
    "not-handed-over": (
        "Chưa có bản ghi để nhận, hoặc mã SHA-256 không khớp (khoản 3 Điều 15)",
        "Nothing to receive, or another SHA-256 (Article 15.3)",
    ),
    "too-many-documents": ("Đã có đủ số tệp", "There are as many files as there may be"),
    "damaged": (
        "Tệp không còn đúng như khi lưu; đã ghi nhật ký, hãy báo Đơn vị vận hành",
        "The file is not what was stored; this is on record, tell the operating unit",
    ),
    "file-too-large": ("Tệp quá lớn", "The file is too large"),
    "malware": (
        "Tệp có mã độc nên không được nhận; đã ghi nhật ký, hãy báo Đơn vị vận hành và quét máy của ông/bà",
        "There is malware in the file, so it is not taken; this is on record, tell the operating unit and scan your"
        " computer",
    ),
    "scan-unavailable": (
        "Hiện chưa quét được mã độc nên chưa nhận tệp. Hãy thử lại sau ít phút, hoặc báo Đơn vị vận hành",
        "Files cannot be scanned for malware now, so none is taken. Try again in some minutes, or tell the operating"
        " unit",
    ),
    "signature-unavailable": (
        "Hiện chưa ký số được: chứng thư của hệ thống hết hạn hoặc không đọc được, hãy báo Đơn vị vận hành",
        "Nothing can be signed now: the certificate of the system has ended or cannot be read, tell the operating unit",
    ),
    "reported-just-now": (
        "Sự cố này vừa được báo, hãy chờ ít giây rồi báo lại",
        "This fault was reported just now, wait some seconds",
    ),
    "illegal-step": ("Sự cố đang ở trạng thái không cho làm việc này", "Not possible as the incident now stands"),
    "no-working-day": ("Lịch làm việc không có ngày làm việc nào gần đó", "The calendar has no working day near"),
    "quota": ("Vượt số lượng điểm cầu (Điều 8)", "More points than Article 8 allows"),
    "point-not-ready": ("Điểm cầu chưa đủ điều kiện (Điều 9)", "The point does not meet Article 9 yet"),
    "devices-described": (
        "Thiết bị đã khai báo phải được gỡ từng cái",
        "Devices that are described are removed one by one",
    ),
    "link-dead": ("Đường dẫn đã dùng hoặc đã hết hạn", "The link was used, or its time is over"),
    "bad-sheet": ("Bảng có dòng chưa hợp lệ, chưa nhập gì", "Lines of the table are faulty, nothing was imported"),
    "preview-stale": ("Dữ liệu đã thay đổi, hãy xem trước lại", "What is there has changed, look at it again"),
    "not-invited": (
        "Điểm cầu không được mời dự phiên họp này (khoản 7 Điều 3)",
        "The point is not part of this session (Article 3.7)",
    ),
    "last-device": ("Điểm cầu phải còn ít nhất một thiết bị", "A point has at least one device"),
    "decided-already": ("Thay đổi này đã được xử lý", "This change has been decided"),
    "not-asked": (
        "Chủ trì chưa yêu cầu danh sách tham dự (điểm b khoản 4 Điều 14)",
        "The host has not asked for lists (Article 14.4.b)",
    ),
    "device-in-call": ("Thiết bị đang trong một cuộc gọi", "The device is in a call"),
    "session-due": (
        "Điểm cầu đang có phiên họp, hoặc sắp có trong 5 phút",
        "A session of the point goes on, or begins within 5 minutes",
    ),
    "too-many-tests": (
        "Đang gọi thử nhiều thiết bị khác, đợi khoảng 20 giây",
        "Other devices are being tried, wait some 20 seconds",
    ),
    "no-place-elsewhere": (
        "Không rút được: không còn nơi khác nhận các phòng họp",
        "It cannot be drained: its rooms have no other place",
    ),
    "no-gateway": (
        "Không gọi được thiết bị: chưa có địa chỉ SIP, hoặc cổng SIP chưa bật",
        "The device cannot be called: it has no SIP address, or the SIP gateway is off",
    ),
    "key-reused": (
        "Khóa Idempotency-Key này đã dùng cho một yêu cầu khác",
        "This Idempotency-Key stands for another request",
    ),
    "in-progress": ("Yêu cầu này đang được xử lý", "This request is being carried out"),
    "answer-lost": (
        "Yêu cầu này đã được thực hiện nhưng không còn câu trả lời; hãy xem lại danh sách",
        "This request was carried out, but its answer is lost; look at the list",
    ),
    "transcript-not-failed": ("Không có bản chép lời nào bị lỗi", "No transcript failed"),
    "utterance-changed": ("Câu này vừa được người khác sửa", "Somebody has just corrected this"),
    "approval-needed": (
        "Đã gửi yêu cầu: cần một quản trị viên khác duyệt, xem mục Chờ người thứ hai",
        "The request was sent: another administrator approves it, see Waiting for a second person",
    ),
    "approval-over": (
        "Yêu cầu đã được giải quyết, hết hạn hoặc không còn đúng, hãy gửi lại",
        "The request was decided, has expired or would do something else by now; make it anew",
    ),
    "not-ready": ("Bản ghi chưa sẵn sàng", "The recording is not ready yet"),
    "not-recomposable": (
        "Bản ghi này không có hình tiếng chờ ghép lại",
        "The recording has no tracks that could be composed again",
    ),
    "expired": ("Đường dẫn tải đã hết hạn", "The download link has expired"),
    "unavailable": ("Máy chủ tạm thời không phục vụ được", "The server cannot serve this now"),
    "internal": ("Lỗi máy chủ", "Server error"),
}

FAULTS: Mapping[str, Pair] = {
    "bad-message": ("Thông điệp không đúng quy cách.", "This message is malformed."),
    "too-fast": ("Gửi quá nhanh, hãy chậm lại.", "Too fast, slow down."),
    "not-joined": ("Chưa vào phiên họp.", "Not in a meeting."),
    "already-joined": ("Đã ở trong phiên họp.", "Already in the meeting."),
    "signed-out": (
        "Đăng nhập đã hết hạn. Hãy đăng nhập lại để vào phiên họp khác.",
        "The sign-in has expired. Sign in again to join another meeting.",
    ),
    "shutting-down": (
        "Máy chủ đang khởi động lại. Xin chờ ít phút.",
        "The server restarts. Wait a moment.",
    ),
    "forbidden": (
        "Chỉ người điều khiển được làm việc này (khoản 1 Điều 10).",
        "Only the controller may do this (Article 10.1).",
    ),
    "controlled-by": (
        "Điều khiển do {value} thực hiện.",
        "This meeting is controlled by {value}.",
    ),
    "controlled-alone": (
        "{value} đang điều khiển một mình.",
        "{value} controls alone.",
    ),
    "locked": (
        "Chủ trì đã khóa phòng họp. Hãy liên hệ điểm cầu chủ trì.",
        "The host has locked the meeting. Ask the host point.",
    ),
    "removed": (
        "Điểm cầu đã được mời ra khỏi phiên họp: {value}",
        "This point was removed from the session: {value}",
    ),
    "hands-locked": (
        "Chủ trì đang tạm dừng nhận xin phát biểu.",
        "The host takes no requests to speak at the moment.",
    ),
    "code-unknown": ("Mã phiên họp không đúng.", "This code is not right."),
    "code-locked": (
        "Nhập sai mã quá nhiều lần. Hãy thử lại sau 15 phút.",
        "Too many wrong codes. Try again in 15 minutes.",
    ),
    "too-early": ("Phiên họp chưa mở cửa.", "The session is not open yet."),
    "ended": ("Phiên họp đã kết thúc.", "The session has ended."),
    "cancelled": ("Phiên họp đã bị hủy.", "The session was cancelled."),
    "revoked": (
        "Mã này đã bị thu hồi (khoản 4 Điều 12); nếu phiên họp được cấp lại, mã mới sẽ được gửi cho đơn vị chủ trì.",
        "This code was revoked (Article 12.4); if the session is served again, its host unit gets a new code.",
    ),
    "not-invited": (
        "Điểm cầu không được mời dự phiên họp này (khoản 7 Điều 3).",
        "This point is not invited to this session (Article 3.7).",
    ),
    "not-granted": (
        "Ngoài phạm vi cấp quyền: điểm cầu chưa được cấp quyền dự phiên họp này (Điều 6.5).",
        "This point was not granted this session (Article 6.5).",
    ),
    "wrong-line": (
        "Thiết bị không ở trên đường truyền đã đăng ký của điểm cầu (Điều 3.2).",
        "This device is not on the line that its point registered (Article 3.2).",
    ),
    "no-point": ("Tài khoản chưa gắn với điểm cầu nào.", "This account belongs to no point."),
    "full": (
        "Vượt số điểm cầu đã đăng ký, hoặc hệ thống đã hết năng lực được cấp (điểm a khoản 4 Điều 12).",
        "More points than were registered, or all that may be given away is in use (Article 12.4.a).",
    ),
    "device-taken": (
        "Điểm cầu đang dự phiên họp này trên thiết bị khác.",
        "The point takes part in this session on another device.",
    ),
    "test-room-full": (
        "Phòng thử đang đủ chỗ. Mỗi lượt thử chỉ vài phút, hãy thử lại sau.",
        "The test room is full. A visit takes only minutes, try again a little later.",
    ),
    "unknown-seat": ("Điểm cầu này không có mặt.", "This point is not here."),
    "bad-offer": (
        "Không kết nối được âm thanh, hình ảnh với thiết bị này.",
        "Sound and picture cannot be connected with this device.",
    ),
    "media-restarting": (
        "Máy chủ âm thanh, hình ảnh đang khởi động lại.",
        "The sound and picture server is restarting.",
    ),
    "unavailable": ("Máy chủ tạm thời không phục vụ được.", "The server cannot serve this now."),
    "unknown-item": (
        "Mục này không còn trong kịch bản.",
        "This item is no longer in the script.",
    ),
    "notice": ("{value}", "{value}"),  # as the profile has it
    "dedicated": ("{value}", "{value}"),
    "not-recording": ("Phiên họp không được ghi hình.", "The meeting is not being recorded."),
    "no-captions": (
        "Máy chủ chưa có mô hình nhận dạng tiếng nói nên không có phụ đề.",
        "The server has no model that recognizes speech, so there are no captions.",
    ),
    "no-camera-control": (
        "Không điều khiển được camera của điểm cầu này.",
        "The camera of this point cannot be controlled.",
    ),
    "chat-closed": ("Chủ trì chưa mở nhắn tin cho điểm cầu.", "The chair has not opened the chat to points."),
    "vote-running": ("Đang có một biểu quyết; hãy kết thúc trước.", "A vote is in progress; close it first."),
    "vote-over": ("Biểu quyết đã kết thúc.", "The vote is over."),
    "not-entitled": ("Điểm cầu này không thuộc danh sách biểu quyết.", "This point is not entitled to vote."),
    "already-voted": (
        "Điểm cầu đã bỏ phiếu kín; phiếu không sửa được.",
        "The point has cast its secret ballot, which cannot be changed.",
    ),
    "too-few-voters": (
        "Bỏ phiếu kín cần ít nhất {value} điểm cầu.",
        "A secret vote needs at least {value} points.",
    ),
    "ballots-lost": (
        "Máy chủ không còn khóa của cuộc bỏ phiếu kín; hãy kết thúc và bỏ phiếu lại.",
        "The server has lost the key of the secret vote; close it and vote again.",
    ),
    "content-taken": ("Đã có người đang chia sẻ màn hình.", "Somebody shares their screen already."),
    "disk-full": (
        "Ổ đĩa chứa bản ghi đã đầy nên không ghi hình được; phần còn lại dành cho cơ sở dữ liệu và nhật ký. "
        "Hãy báo cán bộ kỹ thuật.",
        "The disk of the recordings is full, so nothing can be recorded; what is left is kept for database and log. "
        "Tell the technician.",
    ),
}

FIELDS: Mapping[str, Pair] = {
    # words of the scheduler
    "required": ("bắt buộc", "required"),
    "too-long": ("dài quá {value} ký tự", "longer than {value} characters"),
    "bad-characters": ("có ký tự không được dùng", "has characters that may not be used"),
    "unknown-point": ("không có điểm cầu {value}", "there is no point {value}"),
    "duplicate-point": ("điểm cầu {value} có hai lần", "point {value} is listed twice"),
    "host-among-points": ("điểm cầu chủ trì không ghi lại ở đây", "the host point must not be listed again"),
    "no-timezone": ("thiếu múi giờ", "has no time zone"),
    "fraction-of-second": ("chỉ dùng giây tròn", "must be whole seconds"),
    "in-the-future": ("không được sau lúc này", "must not be after now"),
    "end-before-start": ("kết thúc phải sau khi bắt đầu", "must end after it starts"),
    "in-the-past": ("đã qua", "is in the past"),
    "too-far": ("quá xa so với hôm nay", "is too far ahead"),
    "too-long-interval": ("kéo dài quá mức cho phép", "lasts too long"),
    "rehearsal-after-official": ("tổng duyệt phải xong trước giờ họp", "the rehearsal must end before the meeting"),
    "unit-ended": ("đơn vị đã hết hiệu lực ({value})", "this unit is no longer one ({value})"),
    "unit-merged": ("đơn vị đã hết hiệu lực, sáp nhập từ ngày: {value}", "this unit was merged on: {value}"),
    "unit-not-yet": ("đơn vị chưa có hiệu lực ({value})", "this unit is not one yet ({value})"),
    "phone-format": ("không phải số điện thoại Việt Nam", "is no Vietnamese phone number"),
    "bad-key": ("16–100 chữ cái, chữ số hoặc _ . : -", "must be 16-100 letters, digits or _ . : -"),
    "neighbour-name": (
        "chữ thường không dấu, chữ số, dấu chấm, gạch nối, nhiều nhất 32",
        "small letters, digits, . and -, 32 at most",
    ),
    "neighbour-url": (
        "https://, tên máy và có thể cổng, không có đường dẫn",
        "https://, a host and maybe a port, without a path",
    ),
    "neighbour-key": ("khóa do hệ thống cấp dưới cấp", "the key that the system below gave"),
    "neighbour-known": (
        "tên hoặc điểm cầu đã đại diện cho một hệ thống; gỡ hệ thống đó trước",
        "name or point is of a system already; remove that first",
    ),
    "neighbour-point": ("chọn một điểm cầu trong danh bạ", "choose a point of the directory"),
    "neighbour-own-point": (
        "phải khác điểm cầu đại diện hệ thống cấp trên",
        "must be another point than the one for the system above",
    ),
    "unknown-session": ("không có phiên họp này", "there is no such session"),
    "unknown-code": ("không có lựa chọn {value}", "there is no choice {value}"),
    "not-for-class": ("chỉ dùng cho phiên họp khẩn cấp", "is for emergencies only"),
    "fewer-than-counted": (
        "ít hơn tổng số người tại các điểm cầu ({value})",
        "fewer than at the points together ({value})",
    ),
    "people-range": ("phải từ 1 đến {value}", "must be 1 to {value}"),
    "too-many": ("nhiều quá {value} mục", "more than {value} items"),
    "unsafe-kind": (
        "chỉ nhận PDF, ảnh PNG/JPEG, DOCX, XLSX, PPTX không có macro",
        "only PDF, PNG, JPEG, DOCX, XLSX, PPTX without macros",
    ),
    "duplicate-item": ("mục {value} có hai lần", "item {value} is listed twice"),
    "not-in-session": ("điểm cầu {value} không dự phiên họp này", "point {value} is not in this session"),
    "password-length": ("phải có từ 12 đến 200 ký tự", "must have 12 to 200 characters"),
    "password-shorter": (
        "phải có ít nhất {value} ký tự, hoặc cài xác thực bước hai trước",
        "must have {value} characters at least, or the account a second factor",
    ),
    "password-classes": (
        "phải có ít nhất {value} loại ký tự: chữ thường, chữ hoa, chữ số, ký tự khác; hoặc cài xác thực bước hai trước",
        "must have {value} classes of small letters, capitals, digits, others, or the account a second factor",
    ),
    "password-used-before": ("đã dùng trước đây, hãy chọn mật khẩu khác", "was used before, choose another one"),
    "password-of-account": ("không được ghép từ tên tài khoản", "must not be made of the account name"),
    "password-elsewhere": (
        "mật khẩu của tài khoản này được quản lý ở hệ thống của tỉnh",
        "the password of this account is kept elsewhere",
    ),
    "password-same": ("phải khác mật khẩu cũ", "must differ from the old one"),
    "second-factor-code": ("không đúng; kiểm tra giờ của điện thoại", "is wrong; check the clock of the phone"),
    "second-factor-late": ("đã quá thời gian xác nhận, hãy bắt đầu lại", "came too late, begin again"),
    "second-factor-none": ("chưa có xác thực bước hai nào", "there is no second factor yet"),
    "second-factor-key": ("khóa bảo mật không trả lời đúng", "the security key did not answer rightly"),
    "second-factor-keys": ("đã có đủ số khóa bảo mật", "there are as many security keys as there may be"),
    "minutes-range": ("phải từ 1 đến {value} phút", "must be 1 to {value} minutes"),
    **directory_texts.FIELDS,
    **setup_texts.FIELDS,
    "fewer-than-named": ("ít hơn số người có tên", "fewer than are named"),
    "unknown-tick": ("không có mục {value}", "there is no item {value}"),
    "no-slot": ("phiên họp không có buổi này", "the session has no such slot"),
    "no-emergency": (
        "chỉ phiên họp khẩn cấp được miễn kiểm tra (khoản 3 Điều 12)",
        "only an emergency is spared the check (Article 12.3)",
    ),
    "bad-network": ("phải là dải địa chỉ như 10.57.1.0/24", "must be networks such as 10.57.1.0/24"),
    "no-such-unit": ("không có đơn vị này", "there is no such unit"),
    "token-expiry": ("phải sau lúc này và trong vòng một năm", "must be after now and within a year"),
    "webhook-url": (
        "phải là địa chỉ https, không có tên người dùng, mật khẩu và phần sau dấu #",
        "must be an https address without user, password and fragment",
    ),
    "webhook-address": (
        "địa chỉ nội bộ, chưa được cấu hình máy chủ cho phép (DIEMCAU_WEBHOOK_NETWORKS)",
        "an internal address that the server's configuration does not allow (DIEMCAU_WEBHOOK_NETWORKS)",
    ),
    "webhook-name-taken": (
        "đã có webhook mang tên này, hoặc đã đủ 20 webhook",
        "there is a webhook of this name, or there are 20",
    ),
    "token-name-taken": ("đã có mã truy cập mang tên này", "there is or was a token of this name"),
    "no-interruption": ("không có gián đoạn nào bắt đầu lúc đó", "no interruption began then"),
    # kinds of faults that pydantic finds
    "missing": ("bắt buộc", "required"),
    "extra_forbidden": ("không có trường này", "there is no such field"),
    "string_type": ("phải là chuỗi ký tự", "must be a string"),
    "string_too_long": ("quá dài", "too long"),
    "string_too_short": ("quá ngắn", "too short"),
    "string_pattern_mismatch": ("không đúng dạng", "has a wrong form"),
    "int_type": ("phải là số nguyên", "must be a whole number"),
    "int_parsing": ("phải là số nguyên", "must be a whole number"),
    "greater_than_equal": ("quá nhỏ", "too small"),
    "less_than_equal": ("quá lớn", "too large"),
    "bool_type": ("phải là true hoặc false", "must be true or false"),
    "list_type": ("phải là danh sách", "must be a list"),
    "too_long": ("quá nhiều", "too many"),
    "timezone_aware": ("thiếu múi giờ", "has no time zone"),
    "datetime_parsing": ("không phải thời điểm RFC 3339", "is no RFC 3339 time"),
    "datetime_from_date_parsing": ("không phải thời điểm RFC 3339", "is no RFC 3339 time"),
}
_OTHER: Pair = ("không hợp lệ", "not valid")


_ARTICLE = re.compile(r"(?:điểm \S+ )?(?:khoản \S+ )?Điều \d+")


def article_text(article: str, language: str) -> str:
    """Return an article of the regulation as it is cited: ``điểm b khoản 2 Điều 12``, ``Article 12.2.b``."""
    if language != "en":
        return article
    numbers = re.findall(r"(?:điểm|khoản|Điều) (\S+)", article)
    return f"Article {'.'.join(reversed(numbers))}" if numbers else article


def language_of(accept: str) -> Language:
    """Return the first known language of an Accept-Language header; Vietnamese without one."""
    for part in accept.split(",")[:20]:
        match part.split(";")[0].strip().lower()[:2]:
            case "en":
                return "en"
            case "vi":
                return "vi"
    return "vi"


def fault_text(word: str, language: str, value: str = "") -> str:
    """Return the text of a WebSocket error; `value` is inserted, or appended, with its article of the regulation."""
    text = FAULTS[word][language == "en"]
    value = _ARTICLE.sub(lambda match: article_text(match[0], language), value)
    if "{value}" in text:
        return text.replace("{value}", value)
    return text + (f" ({value})" if value else "")


def problem_title(word: str, language: str) -> str:
    """Return the title of a problem."""
    return PROBLEMS[word][language == "en"]


MOVES: Mapping[str, Pair] = {
    "issue": ("cấp mã", "be issued"),
    "revoke": ("thu hồi mã", "be revoked"),
    "cancel": ("hủy", "be cancelled"),
}
STATES: Mapping[str, Pair] = {
    "waiting": ("đang chờ", "waiting"),
    "issued": ("đã cấp mã", "issued"),
    "revoked": ("bị thu hồi mã", "revoked"),
    "cancelled": ("đã hủy", "cancelled"),
}


def move_text(move: str, state: str, language: Language) -> str:
    """Return the text that a session in a state does not allow an action."""
    if language == "en":
        return f"A session that is {STATES[state][1]} cannot {MOVES[move][1]}"
    return f"Phiên họp {STATES[state][0]} không thể {MOVES[move][0]}"


def field_text(word: str, language: str, value: str = "") -> str:
    """Return the text of a faulty field; `word` may be a text already."""
    if " " in word or any(letter.isupper() for letter in word):
        return word
    return FIELDS.get(word, _OTHER)[language == "en"].replace("{value}", value)
