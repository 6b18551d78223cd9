"""Prints what `sam build` has made: each bootstrap, and the archive that Lambda gets of it.

    sizes.py ARCHITECTURE BUILD-FOLDER

Fails when a bootstrap is missing, is of another architecture, or does not fit into a Lambda function.
"""

import io
import pathlib
import sys
import zipfile

# e_machine of ELF.
MACHINES = {"arm64": 0xB7, "x86_64": 0x3E}
FUNCTIONS = ("ApiFunction", "ConsumerFunction", "SweeperFunction")
# What can be uploaded directly, and what it may be unpacked.
ZIPPED, UNPACKED = 50 * 2**20, 250 * 2**20


def zipped(content: bytes) -> int:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bootstrap", content)
    return len(archive.getvalue())


def main(architecture: str, folder: str) -> None:
    for function in FUNCTIONS:
        content = (pathlib.Path(folder) / function / "bootstrap").read_bytes()
        machine = int.from_bytes(content[18:20], "little")
        if content[:4] != b"\x7fELF" or machine != MACHINES[architecture]:
            sys.exit(f"{function} is no bootstrap for {architecture}")
        size, archive = len(content), zipped(content)
        print(f"{architecture:<7} {function:<17} {size:>11,} bytes, {archive:>10,} zipped")
        if size > UNPACKED or archive > ZIPPED:
            sys.exit(f"{function} is larger than Lambda takes")


if __name__ == "__main__":
    main(*sys.argv[1:])
