"""Counts the words of a text, by the program in C."""

import subprocess

TEXT = "one text, two languages"

if __name__ == "__main__":
    counted = subprocess.run(["counter"], input=TEXT, capture_output=True, check=True, text=True)
    print("the service counted", counted.stdout.strip())
