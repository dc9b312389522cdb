import type { LossReason } from '../../delivery/loss-reason.ts';
import type { DialRequest } from '../../protocol/ports.ts';
import { matches } from '../../templates/pattern.ts';
import { TemplateError } from '../../templates/scope.ts';
import type { TreeTemplate } from '../../templates/template.ts';
import { Connector, type ConnectorOwner } from '../connector.ts';
import type {
  AckFilter,
  ClientBehaviour,
  ClientObserver,
  ClientOptions,
  ClientPublish,
  DriverClient,
} from '../driver.ts';
import { Inbox, type InboxOwner } from '../inbox.ts';
import { Acks } from './acks.ts';
import { Addresses } from './addresses.ts';
import {
  type Answer,
  awaiting,
  type Description,
  type Rule,
  type Saves,
  type SeqPath,
} from './description.ts';
import type { Reading } from './frame-reader.ts';
import { Heartbeat } from './heartbeat.ts';
import { Messages } from './messages.ts';
import { Publishes } from './publishes.ts';
import { valueIn } from './reading-values.ts';
import { RoomRequests } from './room-requests.ts';
import { type AtHand, JsonScope } from './scope.ts';
import { Silence } from './silence.ts';
import { sentText, shown } from './speaker.ts';
import { Steps, type StepsOwner } from './steps.ts';

/** Of connections that the client itself gives up; sessions survive it. */
const GIVEN_UP = 4000;
/** Frames that wait until a session is established. */
const WAITING_MAX = 10_000;

const decoder = new TextDecoder();

/**
 * A client of a described protocol.
 *
 * On each connection it runs the steps of `open`, or those of `resume` when there is something to resume, and asks for
 * its rooms. From then on the rules decide on every frame. Messages that come before the session is established wait
 * for it, since only then it is known which session they belong to.
 */
export class JsonClient<D extends object>
  implements DriverClient<D>, ConnectorOwner, InboxOwner<D>, StepsOwner
{
  readonly behaviour: ClientBehaviour;
  readonly connector: Connector;
  readonly inbox: Inbox<D>;
  readonly scope: JsonScope;
  readonly askedToPause = false;
  readonly forgetSession?: () => void;
  ackFilter: AckFilter | undefined;
  readonly #description: Description;
  readonly #observer: ClientObserver<D>;
  readonly #messages: Messages<D>;
  readonly #steps: Steps;
  readonly #rooms: RoomRequests;
  readonly #publishes: Publishes;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #silence: Silence | undefined;
  readonly #addresses: Addresses;
  /** A session is established, and its messages are told. */
  #ready = false;
  /** It asks for the session that it had. */
  #resuming = false;
  /** Its steps are through; it waits for the answer to its wish to resume. */
  #awaitsSuccess = false;
  /** This connection continues a session, which may still be refused. */
  #resumed = false;
  /** It has a session to resume. */
  #hasSession = false;
  /** Why the session before is gone, as far as it knows. */
  #told: LossReason | undefined = undefined;
  #everReady = false;
  /** What it declared as taken in when it asked to resume. */
  #declared = 0;
  /** It closes the connection: what still arrives counts for nothing. */
  #leaving = false;
  #waiting: [Rule, Reading][] = [];

  constructor(options: ClientOptions<D>, description: Description) {
    const { behaviour, ports, observer, clientId, values } = options;
    this.behaviour = behaviour;
    this.#description = description;
    this.#observer = observer;
    this.scope = new JsonScope(values, ports, (room) => this.#messages.positions.last(room));
    this.connector = new Connector({ owner: this, observer, behaviour, ports });
    this.inbox = new Inbox({ owner: this, connector: this.connector, behaviour, ports });
    this.#messages = new Messages({
      description,
      observer,
      inbox: this.inbox,
      isStopped: () => this.connector.stopped,
      closeForHole: (code) => {
        this.explain(`a hole: the client closes with ${code}`);
        this.#leave(code);
      },
    });
    this.#steps = new Steps(this, ports);
    this.#addresses = new Addresses(description, this, this.#steps);
    this.#rooms = new RoomRequests(this, ports.timers);
    const ackFilter = (): AckFilter | undefined => this.ackFilter;
    this.#publishes = new Publishes({
      publishing: description.publish,
      clientId,
      scope: this.scope,
      ports,
      timeoutMs: behaviour.publishTimeoutMs,
      connector: this.connector,
      ackFilter,
      explain: (what) => this.explain(what),
    });
    const { ack, cumulative, nack, heartbeat, silenceMs } = description;
    if (ack !== undefined || cumulative !== undefined || nack !== undefined)
      this.#messages.acks = new Acks({
        description,
        mode: behaviour.ack,
        nack: behaviour.nack,
        window: behaviour.dedupWindow,
        connector: this.connector,
        owner: this,
        timers: ports.timers,
        ackFilter,
        acked: (position, isCumulative) => observer.acked(position, isCumulative),
        numberOf: (position) => this.#messages.positions.numberOf(position),
      });
    if (description.resume !== undefined) this.forgetSession = () => this.#loseSession('replaced');
    if (heartbeat !== undefined) this.#heartbeat = new Heartbeat(this, ports.timers, heartbeat);
    if (silenceMs !== undefined) this.#silence = new Silence(ports, silenceMs, (reason) => this.fail(reason));
  }

  get unanswered(): number {
    return this.#publishes.unanswered;
  }

  publish(request: ClientPublish): void {
    this.#publishes.publish(request);
  }

  // What faults do.

  close(code: number): void {
    if (this.#description.resume?.closes.get(code) === 'fresh' && this.#hasSession) {
      if (this.connector.ready) this.#observer.goodbye();
      this.#loseSession('replaced');
    }
    this.connector.close(code, 'closed by the client');
  }

  stop(): void {
    this.connector.stop(1000, '');
    this.inbox.stop();
    this.#endConnection();
    this.#messages.acks?.stop();
  }

  // What the connector asks and says.

  prepare(go: (request: DialRequest) => void, fail: (reason: string) => void): void {
    this.#resuming = this.#canResume();
    this.#addresses.find(this.#resuming, go, (reason) => {
      this.#observer.refused(reason);
      fail(reason);
    });
  }

  onOpen(): void {
    const { resume, steps } = this.#description;
    this.#leaving = false;
    this.#ready = false;
    this.#resumed = false;
    this.#awaitsSuccess = false;
    this.#waiting = [];
    this.scope.restart();
    this.#silence?.start();
    this.#observer.open();
    this.guarded(() => {
      this.#heartbeat?.start();
      if (this.#resuming && resume !== undefined) {
        this.#declared = resume.saysLast ? this.#messages.positions.top : 0;
        this.#steps.run(resume.steps, () => this.#askedToResume());
      } else {
        this.#begin();
        this.#steps.run(steps, () => this.#subscribe());
      }
    });
  }

  onText(text: string): void {
    this.#silence?.heard();
    if (this.#description.rules === undefined && this.#ready && this.unanswered === 0) {
      this.#messages.tell(0, text, false, {});
      return;
    }
    this.guarded(() => {
      for (const reading of this.#description.frames.read(text)) {
        if (this.connector.stopped || this.#leaving) return;
        this.#hear(reading, text);
      }
    });
  }

  /** Servers send text in binary frames too. */
  onBytes(bytes: Uint8Array): void {
    this.onText(decoder.decode(bytes));
  }

  onLost(code: number): void {
    const own = this.#leaving;
    this.#endConnection();
    const fate = own ? undefined : this.#description.resume?.closes.get(code);
    if (fate === 'fresh') this.#loseSession(this.#description.resume?.reason);
    if (fate !== 'fatal') return;
    this.connector.giveUp();
    this.#observer.refused(`closed with ${code}, after which a client does not come back`);
  }

  // What the inbox says.

  onHandled(position: number, delivery: D): void {
    this.#observer.handled(position, delivery);
    if (!this.connector.stopped) this.#messages.acks?.onHandled(position);
  }

  onFailed(position: number, delivery: D): void {
    this.#observer.failed(position, delivery);
    this.#messages.acks?.onFailed();
  }

  // What its parts ask.

  send(tree: TreeTemplate, atHand: AtHand): void {
    this.guarded(() => this.connector.send(sentText(tree, this.scope.with(atHand))));
  }

  say(tree: TreeTemplate, atHand: AtHand): void {
    this.guarded(() => this.connector.say(sentText(tree, this.scope.with(atHand))));
  }

  guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.fail(error.message);
    }
  }

  fail(reason: string): void {
    if (this.connector.stopped) return;
    this.#observer.refused(reason);
    this.#leave();
  }

  explain(what: string): void {
    this.#observer.explained?.(what);
  }

  save(saves: Saves, reading: Reading): void {
    for (const [name, path] of saves) {
      const value = valueIn(reading, path);
      if (value !== undefined) this.scope.saved[name] = value;
    }
    if (saves.length > 0) this.#heartbeat?.start();
  }

  number(path: SeqPath, reading: Reading): void {
    this.#messages.number(path, reading);
  }

  // Sessions.

  #canResume(): boolean {
    const { resume } = this.#description;
    if (resume === undefined || !this.#hasSession) return false;
    if (resume.saysLast && this.#messages.positions.last(undefined) === undefined) return false;
    return resume.needs.every((name) => Object.hasOwn(this.scope.saved, name));
  }

  #loseSession(told: LossReason | undefined): void {
    this.#hasSession = false;
    this.#told = told;
  }

  /** Without the session that it had. */
  #begin(): void {
    const { resume } = this.#description;
    // Who asks for nothing of what it had knows that it begins anew; without a resume nobody can ask.
    if (resume !== undefined && this.#everReady) this.#told ??= 'replaced';
    this.#resuming = false;
    this.#hasSession = false;
    this.#messages.reset();
  }

  #subscribe(): void {
    const { subscribe } = this.#description;
    if (subscribe === undefined) this.#establish();
    else this.#rooms.request(subscribe, this.behaviour.rooms, () => this.#establish());
  }

  #askedToResume(): void {
    const { resume } = this.#description;
    if (resume?.success === undefined) {
      this.#continue();
      return;
    }
    this.#awaitsSuccess = true;
    this.#steps.run([awaiting(resume.success, resume.withinMs)], () => {});
  }

  #continue(): void {
    const subscribe = this.#description.resume?.subscribe;
    this.#awaitsSuccess = false;
    if (subscribe === undefined) this.#establishResumed();
    else this.#rooms.request(subscribe, this.behaviour.rooms, () => this.#establishResumed());
  }

  /** The server has not what it asked for. */
  #refused(answer: { readonly reason?: LossReason | undefined }): void {
    const { resume, steps } = this.#description;
    this.#steps.stop();
    this.#rooms.stop();
    this.#loseSession(answer.reason ?? resume?.reason ?? 'session-expired');
    this.#ready = false;
    this.#resumed = false;
    this.#awaitsSuccess = false;
    this.#begin();
    const after = resume?.after ?? 'subscribe';
    if (after === 'close') this.#leave();
    else if (after === 'open') this.#steps.run(steps, () => this.#subscribe());
    else this.#subscribe();
  }

  #establish(): void {
    const told = this.#told;
    this.#told = undefined;
    this.#beReady();
    this.#observer.subscribed('', told, this.#description.subscribe?.effectiveWithinMs);
    this.#release();
  }

  #establishResumed(): void {
    this.#resuming = false;
    this.#resumed = true;
    this.#beReady();
    this.#observer.resumed(this.#declared);
    if (!this.#description.tellsReplayed && !this.connector.stopped) this.#observer.replayed();
    this.#release();
  }

  #beReady(): void {
    this.#ready = true;
    this.#everReady = true;
    this.#hasSession = true;
    this.connector.establish();
    this.inbox.carryOn();
  }

  /** Messages that came before it was known which session they belong to. */
  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const [rule, reading] of waiting) {
      if (this.connector.stopped || this.#leaving) return;
      this.#messages.apply(rule, reading);
    }
  }

  #leave(code = GIVEN_UP): void {
    this.#leaving = true;
    this.#endConnection();
    this.connector.close(code, '');
  }

  #endConnection(): void {
    this.#steps.stop();
    this.#rooms.stop();
    this.#heartbeat?.stop();
    this.#silence?.stop();
    this.#publishes.onLost();
    this.#waiting = [];
    this.#ready = false;
  }

  // Frames.

  #hear(reading: Reading, text: string): void {
    if (this.#heartbeat?.onFrame(reading) || this.#hearsOfResume(reading)) return;
    if (this.#steps.onFrame(reading) || this.#rooms.onFrame(reading)) return;
    const answers = this.#publishes.onFrame(reading);
    const { rules } = this.#description;
    if (rules === undefined) {
      if (!answers) this.#messages.tell(0, text, false, {});
      return;
    }
    const rule = rules.find(({ when }) =>
      matches(when, reading.frame, reading.outer, this.scope.expecting()),
    );
    if (rule === undefined) {
      if (answers) return;
      this.explain('no rule matches');
      this.#observer.unmatched?.(text);
      return;
    }
    this.explain(rule.name);
    this.save(rule.saves, reading);
    if (rule.reply !== undefined) this.send(rule.reply, { frame: reading.frame });
    this.#decide(rule, reading);
  }

  /** @returns whether a frame says what became of the session that it asked for */
  #hearsOfResume(reading: Reading): boolean {
    const { resume } = this.#description;
    if (resume === undefined || !(this.#resuming || this.#resumed)) return false;
    const { success, refused } = resume;
    if (refused !== undefined && this.#isAnswer(refused, reading)) {
      this.explain('refuses to resume');
      this.#refused(refused);
      return true;
    }
    if (!this.#awaitsSuccess || success === undefined || !this.#isAnswer(success, reading)) return false;
    this.explain('resumes');
    this.#steps.stop();
    this.#continue();
    if (success.seq !== undefined) this.number(success.seq, reading);
    return true;
  }

  #isAnswer({ when, saves }: Answer, reading: Reading): boolean {
    if (!matches(when, reading.frame, reading.outer, this.scope.expecting())) return false;
    this.save(saves, reading);
    return true;
  }

  /** What concerns the connection counts at once, what concerns messages when the session is established. */
  #decide(rule: Rule, reading: Reading): void {
    switch (rule.is) {
      case 'resumed':
        if (this.#awaitsSuccess) {
          this.#steps.stop();
          this.#continue();
        }
        break;
      case 'fresh':
        if (this.#resuming || this.#resumed) this.#refused(rule);
        break;
      case 'refused':
        this.fail(`the server refuses the client: ${shown(reading.frame)}`);
        return;
      case 'reconnect':
        this.#goElsewhere(rule, reading);
        return;
      case 'error':
        this.#observer.refused(`the server reports ${shown(reading.frame)}`);
    }
    const concernsMessages = rule.seq !== undefined || /^(message|gap|replayed)$/.test(rule.is);
    if (!concernsMessages) return;
    if (this.#ready) this.#messages.apply(rule, reading);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push([rule, reading]);
    else this.fail(`${WAITING_MAX} messages came before the session was established`);
  }

  #goElsewhere({ url }: Rule, reading: Reading): void {
    const next = valueIn(reading, url);
    if (typeof next === 'string') this.#addresses.next = next;
    this.connector.returnWithin(0);
    this.#leave();
  }
}
