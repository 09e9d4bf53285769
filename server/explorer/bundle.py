"""Fetch GraphiQL into `static/`: `.venv/bin/python server/explorer/bundle.py`, with npm on the PATH.

GraphiQL 3 is the last that comes as one script for the browser; newer ones want a bundler and load workers. Its fonts
are taken out (nine tenths of the style sheet): the system's do.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

PACKAGES = ["graphiql@3.9.0", "react@18.3.1", "react-dom@18.3.1", "graphql@16.15.0"]
FILES = {
    "graphiql/graphiql.min.js": "graphiql.js",
    "graphiql/graphiql.min.css": "graphiql.css",
    "react/umd/react.production.min.js": "react.js",
    "react-dom/umd/react-dom.production.min.js": "react-dom.js",
}
STATIC = Path(__file__).parent / "static"


def main() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not on the PATH")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "install", "--prefix", folder, "--ignore-scripts", *PACKAGES], check=True)
        modules = Path(folder) / "node_modules"
        for source, target in FILES.items():
            text = (modules / source).read_text()
            text = re.sub(r"@font-face\{[^}]*\}", "", text) if target.endswith(".css") else text
            (STATIC / target).write_text(re.sub(r"\n?(//|/\*)# sourceMappingURL=\S+( \*/)?\s*$", "\n", text))
        (STATIC / "LICENSES.txt").write_text(licences(modules))


def licences(modules: Path) -> str:
    """Every licence text of what the files may hold, each once, under the names of its packages."""
    packages: dict[str, list[str]] = {}
    for package in sorted({path.parent for path in modules.rglob("package.json")}):
        for licence in sorted(package.glob("[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*")):
            packages.setdefault(licence.read_text().strip(), []).append(str(package.relative_to(modules)))
    return "\n\n".join(f"{', '.join(names)}\n\n{text}\n\n{'-' * 80}" for text, names in packages.items()) + "\n"


if __name__ == "__main__":
    main()
