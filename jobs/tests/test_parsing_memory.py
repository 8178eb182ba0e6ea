"""What is read of a file that is too much: little, in bounded memory, and with an answer for people."""

import subprocess
import sys

import pytest

from jobs.tests.appetite import CASES

MOST = 40 * 1024  # KB that reading any file may take
SAID = {
    "200 MB of CSV": "This has more than 50,000 rows, the most of one job: split it",
    "200 MB of blank lines": "This has more than 1,048,576 rows: delete those that are blank",
    "200 MB on one line": "Line 1 has more than 64 KB",
    "a million columns": "Line 1 has more than 64 KB",
    "ten thousand columns": "Row 1 has 10,000 columns, more than the 1,000 that are read",
    "a quotation mark without end": "A quotation mark in the row that begins on line 2 is never closed",
    "a workbook of 50,000 rows": "50000 rows",
    "a sheet packed a thousand times": "unpacks to more than 400 times its size",
    "packed parts of 300 MB": "its parts have 300 MB, at most 200 MB are read",
    "a part of 160 MB": "a part of it has 160 MB, at most 150 MB are read",
    "a size that is a lie": "This workbook is damaged",
    "a row of a million cells": "Row 1 has 16,385 columns",
    "a million unknown elements": "There are no rows in it",
    "more than a million rows": "This has more than 1,048,576 rows",
    "a million elements within each other": "This workbook is damaged",
    "an attribute of 40 MB": "This workbook is damaged",
    "a cell of 40 MB": "1 rows",
    "half a million shared strings": "1 rows",
    "40 MB of shared strings": "sharedStrings.xml in it has 40 MB, at most 32 MB are read",
    "a shared string of 31 MB": "1 rows",
}


@pytest.mark.parametrize("case", CASES)
def test_memory_is_bounded_whatever_is_sent(case: str) -> None:
    command = [sys.executable, "-m", "jobs.tests.appetite", case]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    taken, said = done.stdout.split(" ", 1)
    assert int(taken) < MOST
    assert SAID[case] in said
