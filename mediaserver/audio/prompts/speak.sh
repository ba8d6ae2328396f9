#!/bin/sh
# Makes the spoken prompts of this folder: Vietnamese, then English (`make prompts`; espeak-ng, ffmpeg).
set -eu
folder=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

speak() {  # name, Vietnamese, English
    espeak-ng -v vi -s 140 -w "$work/vi.wav" "$2"
    espeak-ng -v en-gb -s 145 -w "$work/en.wav" "$3"
    ffmpeg -v error -y -i "$work/vi.wav" -i "$work/en.wav" -filter_complex \
        "[0]aresample=16000,apad=pad_dur=0.5[a];[1]aresample=16000,apad=pad_dur=0.3[b];[a][b]concat=n=2:v=0:a=1[c];[c]volume=-3dB" \
        -ac 1 -c:a libopus -b:a 20k -application voip -fflags +bitexact -flags +bitexact -map_metadata -1 "$folder/$1.opus"
}

speak enter-code "Xin mời nhập mã phiên họp, rồi bấm phím thăng." "Please enter the session code, then press hash."
speak wrong-code "Mã không đúng. Xin nhập lại, rồi bấm phím thăng." "This code is not valid. Please enter it again, then press hash."
speak not-open "Phiên họp chưa bắt đầu. Xin chờ." "The session has not begun. Please wait."
