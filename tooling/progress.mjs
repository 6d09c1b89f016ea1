// Says what is going on while it takes long: one line that counts in a terminal, a line now and then elsewhere.

/** An expected failure: its message and details have been shown. */
export class Shown extends Error {}

export class Progress {
  #stream;

  /** @param {{ write(text: string): unknown, isTTY?: boolean }} [stream] */
  constructor(stream = process.stdout) {
    this.#stream = stream;
  }

  step(label) {
    const stream = this.#stream;
    const live = stream.isTTY === true;
    const begun = performance.now();
    const seconds = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    let note = '';
    let shown = false;
    const show = (end) => {
      shown = true;
      stream.write(`${live ? '\r\u001b[2K' : ''}  ${label}${note === '' ? '' : ` (${note})`} … ${seconds()}${end}`);
    };
    const timer = setInterval(() => show(live ? '' : '\n'), live ? 250 : 10_000);
    if (!live) stream.write(`  ${label} …\n`);
    const stop = () => {
      clearInterval(timer);
      if (live && shown) stream.write('\r\u001b[2K');
    };
    return {
      update: (text) => {
        note = text;
      },
      done: (text = '') => {
        stop();
        note = text;
        stream.write(`  ${label}: done in ${seconds()}${note === '' ? '' : ` (${note})`}\n`);
      },
      failed: (message, details) => {
        stop();
        process.stderr.write(`${details.trimEnd()}\n\n  ${label} failed after ${seconds()}. ${message}\n`);
        return new Shown(message);
      },
    };
  }
}
