"""Running programs that read files from strangers: ffmpeg, image and tag readers.

A decoder is a million lines of C that parse whatever somebody sends. Here such a program runs as a child that can see
its own binary, the system's libraries and the one file it is to read; that cannot write a file, reach the network or
another process; that has a ceiling on time and memory; and that ends when we end. All it can do is write to pipes that
we read, and what comes out of them is treated as hostile in its turn.

    sandbox.py    what the child may see and as whom it runs; what happens where bubblewrap is missing
    launch.py     the few lines that run between us and the program: limits, identity, death with the parent
    child.py      the child's life: pipes, deadline, end
    programs.py   which programs: ffmpeg, and Python with a few packages
    pictures.py   pictures, made anew in sizes from their pixels; picture_reader.py is what runs for it
    fmp4.py       splitting a stream of fragmented MP4 into what a player loads
"""
