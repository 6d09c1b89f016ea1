// Results as Markdown. Pure: text in, text out.
import { metrics } from './verdict.mjs';

/**
 * One contest's result as a section.
 * @param {any} result as it is in bench/results
 * @returns {string}
 */
export function sectionOf(result) {
  const { title, command, date, machine, rounds, loadAverage, summary, phases, description } = result;
  const loads = `${loadAverage.before[0].toFixed(2)} before, ${loadAverage.after[0].toFixed(2)} after`;
  return [
    `## ${title}`,
    description,
    `\`${command}\`, ${date}, ${machine.cores} cores (${machine.processor}), Node ${machine.node}, ${rounds.length} rounds, load average ${loads}. Verdict: **${summary.verdict}**.`,
    goalTable(summary.goals),
    ...phases.flatMap((phase) => [`### ${phase.title}`, figureTable(result, phase.name)]),
  ].join('\n\n');
}

function goalTable(goals) {
  const rows = goals.map(({ metric, phase, against, atMost, ratio, same, verdict }) => [
    `${metrics[metric].title}, ${phase}, over ${against}`,
    `≤ ${atMost.toFixed(2)}`,
    ranged(ratio, 2),
    ranged(same, 2),
    verdict,
  ]);
  return table(['goal', 'at most', 'median (range)', 'ours again over ours', 'verdict'], rows);
}

function figureTable({ summary, cpuParts }, phase) {
  const names = [...new Set(summary.figures.map(({ name }) => name))];
  const rows = names.map((name) => [
    name,
    ...Object.keys(metrics).map((metric) => {
      const figure = summary.figures.find((each) => each.name === name && each.phase === phase && each.metric === metric);
      return ranged(figure, digitsOf(figure.median));
    }),
    Object.entries(cpuParts[name][phase])
      .map(([part, cpu]) => `${part} ${cpu.toFixed(0)}`)
      .join(', '),
  ]);
  return table(['', ...Object.values(metrics).map(({ title }) => title), 'CPU µs by process'], rows);
}

/**
 * A Markdown table.
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 * @returns {string}
 */
export function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A median with its range. */
export function ranged({ median, lowest, highest }, digits) {
  return `${median.toFixed(digits)} (${lowest.toFixed(digits)}–${highest.toFixed(digits)})`;
}

function digitsOf(value) {
  if (value >= 100) return 0;
  return value >= 10 ? 1 : 2;
}

/** The lines between which a script writes a document's part. */
export const markers = {
  begin: '<!-- written by bench/harness/report.mjs: begin -->',
  end: '<!-- written by bench/harness/report.mjs: end -->',
};

/**
 * The document with its part between the markers replaced.
 * @param {string} document
 * @param {string} part
 * @returns {string}
 */
export function withPart(document, part) {
  const begin = document.indexOf(markers.begin);
  const end = document.indexOf(markers.end);
  if (begin === -1 || end < begin) throw new Error('the document has no part that may be written');
  return `${document.slice(0, begin + markers.begin.length)}\n\n${part}\n\n${document.slice(end)}`;
}
