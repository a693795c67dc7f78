"""Prints the value at a path of a JSON file: status, layers[0].kind, layers[-1], len(layers).

Text is printed bare, everything else as JSON; what is not there as "(missing)".
"""

import json
import re
import sys


def walk(value, path):
    for name, index in re.findall(r"([^.\[\]]+)|\[(-?\d+)\]", path):
        if name:
            if not isinstance(value, dict) or name not in value:
                raise LookupError(name)
            value = value[name]
        else:
            if not isinstance(value, list):
                raise LookupError(index)
            value = value[int(index)]
    return value


def main(file, path):
    with open(file, encoding="utf-8") as stream:
        value = json.load(stream)
    counted = re.fullmatch(r"len\((.*)\)", path)
    try:
        value = walk(value, counted.group(1) if counted else path)
    except LookupError:
        print("(missing)")
        return
    if counted:
        value = len(value)
    print(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


main(*sys.argv[1:])
