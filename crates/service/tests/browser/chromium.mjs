// Finds the browser: $CHROMIUM, else Debian's. Nothing is downloaded.
import { existsSync } from 'node:fs';

export function executable() {
  const known = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'];
  const found = known.find((path) => path && existsSync(path));
  if (!found) throw new Error('no chromium: run `apt-get update && apt-get install -y chromium`, or set CHROMIUM');
  return found;
}
