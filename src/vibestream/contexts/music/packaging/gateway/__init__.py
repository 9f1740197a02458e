"""The programs that read a master, and what they are asked: Python with mutagen and Pillow, and ffmpeg."""
