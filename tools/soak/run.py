#!/usr/bin/env python3
"""A server under the mixed load for half an hour: resident memory, sizes of its files and latency, as a picture.

    python3 tools/soak/run.py target/release/deedbook FOLDER [--minutes 30] [--rate 500] [--every 10]

FOLDER is made and must not be there; it gets the book, `samples.json` and `soak.svg`. `deedbook bench mixed` makes the load
(50 writers that change components, 200 readers, RATE requests a second together); every EVERY seconds /proc, the book's
files and /metrics are looked at. Latencies are what the server measured since the look before: an upper bound from the
buckets of its histograms. Only the standard library is needed.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

KINDS = {
    "log.sqlite": "log",
    "log.sqlite-wal": "log's write-ahead log",
    "projection.sqlite": "projection",
    "projection.sqlite-wal": "projection's write-ahead log",
}


def ask(url, token, path):
    request = urllib.request.Request(url + path, headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def metrics(text):
    """Each sample by its name with labels."""
    samples = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            samples[name] = float(value)
    return samples


def buckets(samples, route):
    """Upper bounds and how many requests of a route took at most that long."""
    pattern = re.compile(r'deedbook_request_seconds_bucket\{route="%s",le="([^"]+)"\}' % route)
    found = ((pattern.fullmatch(name), value) for name, value in samples.items())
    return [(float(match[1].replace("+Inf", "inf")), value) for match, value in found if match]


def quantile(now, before, share):
    """In milliseconds: the bound of the bucket that holds it, between two looks."""
    known = dict(before)
    counts = [(bound, value - known.get(bound, 0.0)) for bound, value in now]
    total = counts[-1][1] if counts else 0
    for bound, count in counts:
        if total and count >= share * total:
            return bound * 1000
    return None


def resident(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def sizes(folder):
    found = {}
    for file in folder.rglob("*"):
        if file.is_file():
            kind = KINDS.get(file.name, "other")
            found[kind] = found.get(kind, 0) + file.stat().st_size
    return found


def watch(server, url, token, folder, args, load):
    samples, before = [], {}
    begin = time.monotonic()
    while load.poll() is None:
        now = metrics(ask(url, token, "/metrics"))
        sample = {
            "seconds": round(time.monotonic() - begin, 1),
            "resident": resident(server.pid),
            "files": sizes(folder),
            "revision": now["deedbook_revision"],
            "projectorLag": now["deedbook_projector_lag_changes"],
        }
        for name, route in (("get", "getComponent"), ("update", "updateComponent")):
            counts, earlier = buckets(now, route), buckets(before, route)
            sample[name] = {str(share): quantile(counts, earlier, share) for share in (0.5, 0.95, 0.99)}
        samples.append(sample)
        before = now
        try:
            load.wait(timeout=args.every)
        except subprocess.TimeoutExpired:
            pass
    return samples


def line(samples, left, top, width, height, value, color, most):
    end = samples[-1]["seconds"] or 1
    points = []
    for sample in samples:
        y = value(sample)
        if y is not None:
            points.append(f"{left + width * sample['seconds'] / end:.1f},{top + height - height * min(y / most, 1):.1f}")
    return f'<polyline fill="none" stroke="{color}" stroke-width="1.5" points="{" ".join(points)}"/>'


def chart(samples, top, title, unit, lines):
    left, width, height = 70, 700, 150
    values = [value(sample) for _, _, value in lines for sample in samples]
    most = max([value for value in values if value is not None] + [1e-9]) * 1.1
    parts = [f'<text x="{left}" y="{top - 10}" font-weight="bold">{title}</text>']
    for step in range(5):
        y = top + height - height * step / 4
        parts.append(f'<line x1="{left}" x2="{left + width}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{most * step / 4:.3g} {unit}</text>')
    for number, (name, color, value) in enumerate(lines):
        parts.append(line(samples, left, top, width, height, value, color, most))
        parts.append(f'<text x="{left + width + 10}" y="{top + 12 + 16 * number}" fill="{color}">{name}</text>')
    minutes = samples[-1]["seconds"] / 60
    for step in range(7):
        x = left + width * step / 6
        parts.append(f'<text x="{x:.0f}" y="{top + height + 16}" text-anchor="middle">{minutes * step / 6:.3g} min</text>')
    return "\n".join(parts)


def picture(samples):
    mib = 1 << 20
    kinds = [kind for kind in list(KINDS.values()) + ["other"] if any(kind in sample["files"] for sample in samples)]
    colors = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b"]
    charts = [
        ("Resident memory of the server", "MiB", [("resident", colors[0], lambda s: s["resident"] / mib)]),
        ("Files of the book", "MiB",
         [(kind, color, lambda s, kind=kind: s["files"].get(kind, 0) / mib) for kind, color in zip(kinds, colors)]),
        ("Time of an update, since the look before", "ms",
         [(f"p{float(share) * 100:.0f}", color, lambda s, share=share: s["update"][share])
          for share, color in zip(("0.5", "0.95", "0.99"), colors)]),
        ("Time of a get, since the look before", "ms",
         [(f"p{float(share) * 100:.0f}", color, lambda s, share=share: s["get"][share])
          for share, color in zip(("0.5", "0.95", "0.99"), colors)]),
        ("Changes that the projection is behind", "", [("lag", colors[0], lambda s: s["projectorLag"])]),
    ]
    body = "\n".join(chart(samples, 40 + 220 * number, *one) for number, one in enumerate(charts))
    height = 220 * len(charts) + 10
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="980" height="{height}" viewBox="0 0 980 {height}" '
            f'font-family="sans-serif" font-size="12">\n<rect width="980" height="{height}" fill="white"/>\n{body}\n</svg>\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=int, help="requests a second (default: as fast as answers come)")
    parser.add_argument("--every", type=float, default=10)
    args = parser.parse_args()
    program = args.program.resolve()
    args.folder.mkdir()
    book = args.folder / "book"
    rights = [word for name in ("REGISTRY_READ", "REGISTRY_WRITE", "ADMIN") for word in ("--capability", name)]
    create = [program, "token", "create", "soak", *rights, "--quiet", "--data", book]
    token = subprocess.run(create, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    journal = open(args.folder / "server.log", "wb")
    server = subprocess.Popen([program, "serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--data", book],
                              stdout=subprocess.PIPE, stderr=journal)
    url = server.stdout.readline().decode().split()[1]
    load = [program, "bench", "mixed", "--url", url, "--seconds", str(round(args.minutes * 60)), "--repeats", "1", "-o", "json"]
    load += ["--rate", str(args.rate)] if args.rate else []
    with open(args.folder / "load.json", "wb") as told:
        running = subprocess.Popen(load, stdout=told, env={**os.environ, "DEEDBOOK_TOKEN": token})
        samples = watch(server, url, token, book, args, running)
    server.terminate()
    ended = server.wait()
    (args.folder / "samples.json").write_text(json.dumps(samples))
    (args.folder / "soak.svg").write_text(picture(samples))
    rows = json.loads((args.folder / "load.json").read_text())["rows"]
    for row in rows:
        print(f"{row['work']}: {row['perSecond']['median']:.0f}/s, p99 {row['p99Us'] / 1000:.1f} ms, {row['errors']} errors")
    first, last = samples[len(samples) // 10], samples[-1]
    print(f"resident: {first['resident'] >> 20} MiB after a tenth of the time, {last['resident'] >> 20} MiB at the end")
    print(f"picture: {args.folder / 'soak.svg'}")
    return ended or running.returncode


if __name__ == "__main__":
    sys.exit(main())
