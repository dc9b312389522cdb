import type { LinkEvents } from '../../src/protocol/ports.ts';

/** Writes down what a link tells. */
export class LinkRecorder implements LinkEvents {
  opened = 0;
  pongs = 0;
  writables = 0;
  readonly texts: string[] = [];
  readonly binaries: string[] = [];
  readonly closes: { readonly code: number; readonly reason: string }[] = [];
  /** What came after the link had closed: nothing may. */
  readonly late: string[] = [];
  /** Called for each text. */
  onEachText: (text: string) => void = () => {};

  get closeCode(): number | undefined {
    return this.closes[0]?.code;
  }

  get textBytes(): number {
    return this.texts.reduce((sum, text) => sum + text.length, 0);
  }

  onOpen(): void {
    this.#note('open');
    this.opened++;
  }

  onText(text: string): void {
    this.#note('text');
    this.texts.push(text);
    this.onEachText(text);
  }

  onBytes(bytes: Uint8Array): void {
    this.#note('binary');
    this.binaries.push(Buffer.from(bytes).toString('latin1'));
  }

  onPong(): void {
    this.#note('pong');
    this.pongs++;
  }

  onWritable(): void {
    this.#note('writable');
    this.writables++;
  }

  onClose(code: number, reason: string): void {
    this.#note('close');
    this.closes.push({ code, reason });
  }

  #note(event: string): void {
    if (this.closes.length > 0) this.late.push(event);
  }
}
