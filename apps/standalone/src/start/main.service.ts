import { exitConfiguration, SettingsError, untilSignalled } from '@support101/service-kit';
import { readEnv, type StandaloneSettings } from '../env.js';
import { bannerLines } from './banner.rules.js';
import { startStandalone, type Standalone } from './standalone.service.js';

/** Runs the product until it is told to stop; gives the exit code. */
export async function runStandalone(argv: readonly string[]): Promise<number> {
  const unknown = argv.filter((argument) => argument !== '--reset');
  if (unknown.length > 0) return complain(`Unknown option ${unknown.join(' ')}. There is one: --reset begins anew.`);
  const settings = settingsOrProblem();
  if (typeof settings === 'string') return complain(settings);
  const started = performance.now();
  let standalone: Standalone;
  try {
    standalone = await startStandalone(settings, { reset: argv.includes('--reset'), progress: printProgress });
  } catch (error) {
    return complain(
      error instanceof Error ? error.message : String(error),
      error instanceof SettingsError ? exitConfiguration : 1,
    );
  }
  const { parts } = await standalone.health.report();
  const readySeconds = (performance.now() - started) / 1000;
  say(bannerLines({ ...standalone, parts, readySeconds }).join('\n'));
  await untilSignalled();
  say('  Stopping: finishing what is under way …');
  await standalone.close();
  say('  Stopped.');
  return 0;
}

function settingsOrProblem(): StandaloneSettings | string {
  try {
    return readEnv();
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
}

function printProgress(message: string, seconds?: number): void {
  say(seconds === undefined ? `  … ${message}` : `  ✓ ${message} (${seconds.toFixed(1)} s)`);
}

/** To the person at the terminal; the log is for machines. */
function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(message: string, code = exitConfiguration): number {
  process.stderr.write(`\n  ${message.replaceAll('\n', '\n  ')}\n\n`);
  return code;
}
