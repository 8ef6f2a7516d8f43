#!/usr/bin/env bash
# The HTML reports as a reader sees them: scripts/reports.sh [FILE.html ...], by default those of a small generated shop.
#
# Headless Chromium opens each on a wide and on a narrow screen. A report must hold plots, load nothing from elsewhere,
# log no error, and be no wider than its window. Screenshots stay in target/reports.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$PWD/target/reports
mkdir -p "$out"
files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  holdfast=target/debug/holdfast
  [ -x "$holdfast" ] || cargo build --locked --quiet --package holdfast-service
  events=$out/events.jsonl
  "$holdfast" generate --customers 1500 --days 240 --seed 7 --out "$events"
  "$holdfast" train --events "$events" --horizon-days 30 --out "$out/model.json" --report "$out/training.html"
  "$holdfast" evaluate --events "$events" --horizon-days 30 --out-dir "$out/backtest" > /dev/null
  files=("$out/training.html" "$out/backtest/report.html")
fi
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
flags=(--headless --no-sandbox --disable-gpu --hide-scrollbars --allow-file-access-from-files --disable-background-networking
       --user-data-dir="$out/profile" --virtual-time-budget=5000 --enable-logging=stderr)

# The page that looks at a report in a frame of a given width, and says what it found as one line.
look() {
  cat <<HTML
<!doctype html><title>look</title><iframe id="f" src="file://$1" style="width:$2px;height:900px;border:0"></iframe>
<pre id="found"></pre><script>
f.onload = () => {
  const d = f.contentDocument, bad = [];
  const wide = d.documentElement.scrollWidth;
  if (wide > $2) bad.push("is " + wide + " px wide in a window of $2");
  const plots = d.querySelectorAll("svg").length;
  if (plots < 3) bad.push("holds " + plots + " plots");
  for (const e of d.querySelectorAll("[src],link[href]"))
    if (/^(https?:)?\\/\\//.test(e.getAttribute("src") || e.getAttribute("href"))) bad.push("loads " + e.outerHTML);
  if (!d.title) bad.push("has no title");
  if (!d.documentElement.lang) bad.push("names no language");
  found.textContent = "FOUND " + JSON.stringify(bad);
};
</script>
HTML
}

faults=0
for file in "${files[@]}"; do
  file=$(realpath "$file")
  name=$(basename "$(dirname "$file")")-$(basename "$file" .html)
  for width in 1280 390; do
    look "$file" "$width" > "$out/look.html"
    dom=$("$browser" "${flags[@]}" --window-size=1400,1000 --dump-dom "file://$out/look.html" 2> "$out/browser.log")
    found=$(grep -o 'FOUND .*\]' <<< "$dom" || echo "FOUND nothing: it did not load")
    console=$(grep -c 'CONSOLE' "$out/browser.log" || true)
    if [ "$found" != "FOUND []" ] || [ "$console" -gt 0 ]; then
      faults=$((faults + 1))
      echo "$file at $width px: ${found#FOUND } ($console lines on the console)"
      grep 'CONSOLE' "$out/browser.log" || true
    else
      echo "$file at $width px: sound"
    fi
    "$browser" "${flags[@]}" --window-size="$width",2400 --screenshot="$out/$name-$width.png" "file://$file" 2> /dev/null
  done
done
rm -rf "$out/profile"
[ "$faults" -eq 0 ]
