import type { ClientObserver } from '../driver.ts';
import type { Inbox } from '../inbox.ts';
import type { Acks } from './acks.ts';
import type { Description, Rule, SeqPath } from './description.ts';
import type { Reading } from './frame-reader.ts';
import { Positions, type Seq, type Taken } from './positions.ts';
import { ackable, flagIn, seqIn, textIn, valueIn } from './reading-values.ts';
import type { AtHand } from './scope.ts';

export interface MessagesOptions<D extends object> {
  readonly description: Description;
  readonly observer: ClientObserver<D>;
  readonly inbox: Inbox<D>;
  /** It listens to nothing any more. */
  readonly isStopped: () => boolean;
  /** Closes the connection because of a hole. */
  readonly closeForHole: (code: number) => void;
}

/** Numbers what comes, tells of messages, holes and gaps, and hands messages to the handler. */
export class Messages<D extends object> {
  readonly positions: Positions;
  /** Absent where the description has no acks. */
  acks: Acks | undefined = undefined;
  readonly #options: MessagesOptions<D>;

  constructor(options: MessagesOptions<D>) {
    this.#options = options;
    this.positions = new Positions(options.description.numbering);
  }

  /** Another session. */
  reset(): void {
    this.positions.reset();
    this.acks?.reset();
  }

  /** What a rule says of messages: that a frame is one, that some will not come, or just its number. */
  apply(rule: Rule, reading: Reading): void {
    const room = textIn(reading, rule.room);
    const seq = rule.seq === undefined ? undefined : seqIn(reading, rule.seq);
    if (seq !== undefined && this.#leavesForHole(seq, room)) return;
    if (rule.is === 'message') {
      const position = seq === undefined ? this.positions.count() : this.#take(seq, room).position;
      const payload = valueIn(reading, rule.payload) ?? reading.frame;
      const atHand = this.acks === undefined ? undefined : ackable(reading, rule, room, seq);
      this.tell(position, payload, flagIn(reading, rule.redelivered), atHand);
      return;
    }
    if (seq !== undefined) this.#move(this.#take(seq, room));
    if (rule.is === 'gap') this.#gap(rule, reading, room);
    else if (rule.is === 'replayed') this.#options.observer.replayed();
  }

  /** A frame that is no message has a number. */
  number(path: SeqPath, reading: Reading): void {
    this.#move(this.#take(seqIn(reading, path), undefined));
  }

  /** @param atHand - what its ack may speak of */
  tell(position: number, payload: unknown, redelivered: boolean, atHand: AtHand = {}): void {
    const { observer, inbox, isStopped } = this.#options;
    const delivery = observer.message(position, payload, redelivered);
    if (isStopped()) return;
    this.acks?.expect(atHand);
    inbox.push(position, delivery);
  }

  #leavesForHole(seq: Seq, room: string | undefined): boolean {
    const { description, closeForHole } = this.#options;
    const hole = description.numbering?.hole;
    if (typeof hole !== 'object' || !this.positions.hasHole(seq, room)) return false;
    closeForHole(hole.close);
    return true;
  }

  /** Takes a number in, and tells of a hole in front of it. */
  #take(seq: Seq, room: string | undefined): Taken {
    const { description, observer } = this.#options;
    const taken = this.positions.take(seq, room);
    if (taken.holeFrom === 0) return taken;
    this.acks?.cover(taken.holeFrom, taken.holeTo);
    if (description.numbering?.hole === 'told') observer.gap(taken.holeFrom, taken.holeTo, 'hole');
    return taken;
  }

  /** A number that is none of a message. */
  #move({ position }: Taken): void {
    this.acks?.cover(position, position);
  }

  #gap(rule: Rule, reading: Reading, room: string | undefined): void {
    const [from, to, count] = [rule.from, rule.to, rule.count].map((path) => valueIn(reading, path));
    const { positions } = this;
    const taken =
      to === undefined
        ? positions.skip(typeof count === 'number' ? count : undefined)
        : positions.cover(Number(from ?? to), Number(to), room);
    if (taken.holeTo < taken.holeFrom) return;
    this.acks?.cover(taken.holeFrom, taken.holeTo);
    this.#options.observer.gap(taken.holeFrom, taken.holeTo, rule.reason ?? 'gap');
  }
}
