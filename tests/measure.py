#!/usr/bin/env python3
"""Runs a command with a time limit and tells its peak memory.

  measure.py SECONDS RSS-FILE COMMAND [ARGUMENT...]

RSS-FILE gets the peak resident memory in KiB. The exit status is the command's; 124 when the time
is over (the command is killed), 128 + N when signal N ended it.
"""

import os
import resource
import signal
import subprocess
import sys


def main(seconds, rss_file, command):
    process = subprocess.Popen(command, start_new_session=True)
    try:
        status = process.wait(timeout=float(seconds))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        status = 124
    with open(rss_file, "w", encoding="ascii") as file:
        file.write(f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}\n")
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    # Python ignores SIGPIPE; the command shall meet the usual disposition.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
