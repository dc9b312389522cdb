import { type ChildProcess, spawn } from 'node:child_process';
import type { BroadcastAlert } from '../broadcaster/monitoring/alerts.ts';
import type { ServerSettings } from '../scenario/schema.ts';
import { keepUntilExit } from '../world/real/child-process.ts';

/** Runs of the hook in one run; alerts after that only count. */
const RUNS_MAX = 20;
const TIMEOUT_MS = 10_000;

/**
 * Asks for more resources in the way that a scenario names: by a command, by a webhook, or by both.
 *
 * The command finds the alert in its environment (WSDELIVER_ALERT, WSDELIVER_ALERT_DETAIL, WSDELIVER_ALERT_CLIENT),
 * the webhook in the JSON posted to it.
 */
export class ScaleHook {
  readonly #settings: ServerSettings['alerts']['scale'];
  readonly #onTrouble: (what: string) => void;
  readonly #children = new Set<ChildProcess>();
  readonly #stopped = new AbortController();
  #runs = 0;

  /** @param options - `onTrouble` hears of each hook that failed, in words */
  constructor(options: {
    readonly settings: ServerSettings['alerts']['scale'];
    readonly onTrouble: (what: string) => void;
  }) {
    this.#settings = options.settings;
    this.#onTrouble = options.onTrouble;
  }

  run(alert: BroadcastAlert): void {
    if (this.#runs >= RUNS_MAX || this.#stopped.signal.aborted) return;
    this.#runs += 1;
    const { command, webhook } = this.#settings;
    if (command !== undefined) this.#start(command, alert);
    if (webhook !== undefined) void this.#post(webhook, alert);
  }

  /** Ends what is still running. */
  stop(): void {
    this.#stopped.abort();
    for (const child of this.#children) child.kill();
    this.#children.clear();
  }

  #start(command: string, { name, detail, clientId }: BroadcastAlert): void {
    const env = {
      ...process.env,
      WSDELIVER_ALERT: name,
      WSDELIVER_ALERT_DETAIL: detail,
      WSDELIVER_ALERT_CLIENT: clientId ?? '',
    };
    const child = spawn(command, { shell: true, stdio: 'ignore', env, timeout: TIMEOUT_MS });
    keepUntilExit(child);
    this.#children.add(child);
    child.once('error', (error) => this.#fail('command', error.message));
    child.once('exit', (code, signal) => {
      this.#children.delete(child);
      if (code !== 0) this.#fail('command', signal === null ? `exit code ${code}` : `ended by ${signal}`);
    });
  }

  async #post(webhook: string, { name, detail, clientId }: BroadcastAlert): Promise<void> {
    try {
      const answer = await fetch(webhook, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ alert: name, detail, client: clientId }),
        signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await answer.body?.cancel();
      if (!answer.ok) this.#fail('webhook', `status ${answer.status}`);
    } catch (error) {
      this.#fail('webhook', error instanceof Error ? error.message : String(error));
    }
  }

  #fail(what: string, why: string): void {
    if (!this.#stopped.signal.aborted) this.#onTrouble(`the scale ${what} failed: ${why}`);
  }
}
