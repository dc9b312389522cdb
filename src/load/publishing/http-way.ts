import type { Http, HttpAnswer } from '../../protocol/ports.ts';
import {
  compileTemplate,
  compileTemplates,
  type Template,
  type TreeTemplate,
} from '../../templates/template.ts';
import type { MessageScope } from './message-scope.ts';
import type { PublishRequest, SettlePublish, TargetWay } from './way.ts';

/** How a message is published over HTTP; texts are templates. */
export interface HttpPublish {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A text as it is, everything else as JSON. */
  readonly body: unknown;
  /** Status codes of an accepted message. */
  readonly accept: readonly number[];
  /** ms. */
  readonly timeout: number;
}

/** Publishes with one HTTP request for each message; its status says whether the message was accepted. */
export class HttpWay implements TargetWay {
  readonly ready = true;
  lastFailure = '';
  readonly #options: HttpPublish;
  readonly #url: Template;
  readonly #headers: TreeTemplate;
  readonly #body: TreeTemplate;
  readonly #http: Http;
  readonly #scope: MessageScope;
  readonly #underWay = new Set<() => void>();

  constructor(options: HttpPublish, http: Http, scope: MessageScope) {
    this.#options = options;
    this.#url = compileTemplate(options.url);
    this.#headers = compileTemplates(options.headers);
    this.#body = compileTemplates(options.body);
    this.#http = http;
    this.#scope = scope;
  }

  connect(): void {}

  publish(request: PublishRequest, settle: SettlePublish): void {
    const scope = this.#scope.of(request);
    const { method, timeout } = this.#options;
    const body = this.#body.render(scope);
    const cancel = this.#http(
      {
        method,
        url: String(this.#url.render(scope)),
        headers: withType(this.#headers.render(scope) as Record<string, string>),
        body: typeof body === 'string' ? body : JSON.stringify(body),
        timeoutMs: timeout,
      },
      (answer) => {
        this.#underWay.delete(cancel);
        settle(this.#statusOf(answer));
      },
    );
    this.#underWay.add(cancel);
  }

  inFlight(): undefined {
    return undefined;
  }

  stop(): void {
    for (const cancel of this.#underWay) cancel();
    this.#underWay.clear();
  }

  #statusOf(answer: HttpAnswer): 'accepted' | 'rejected' | 'unknown' {
    if ('failure' in answer) {
      this.lastFailure = answer.failure;
      return answer.sent ? 'unknown' : 'rejected';
    }
    if (this.#options.accept.includes(answer.status)) return 'accepted';
    this.lastFailure = `HTTP ${answer.status}`;
    return 'rejected';
  }
}

function withType(headers: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  return named ? { ...headers } : { 'content-type': 'application/json', ...headers };
}
