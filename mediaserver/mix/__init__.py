"""What is seen and heard: layouts, canvas, composer, mixer, codecs."""
