/**
 * The one place that knows what a secret looks like. Everything that is written (reports, result files, messages,
 * failure files) goes through it, because a result file is attached to issues and kept by CI.
 */

const HIDDEN = '***';

/**
 * User names and passwords in addresses, with all the spellings that the URL parser takes for `ws://`. The greedy
 * part reaches to the last @, which is the one that ends the user info.
 */
const USER_INFO =
  /\b((?:wss?|https?):[\\/]*|[a-z][a-z\d+.-]*:\/\/)(?:\{\{[^{}]*\}\}|\{(?!\{[^{}]*\}\})|[^\s\\/?#{])*@/giu;
const PARAMETER = /([?&;])([^\s=&;?#]+)=((?:\{\{[^{}]*\}\}|\{(?!\{[^{}]*\}\})|[^\s&;#"'`{])*)/gu;
/** A template says where a secret comes from, and not what it is. */
const TEMPLATES_ONLY = /^(?:\{\{[^{}"']*\}\})+$/u;
/** As in `authorization: Bearer abc`, also between the quotes of JSON. */
const HEADER = /\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(["']?\s*:\s*["']?)[^\r\n"',}]+/giu;
/** As in `API_TOKEN=abc`; a comparison with == is no assignment. */
const ASSIGNMENT =
  /\b([\w.-]*(?:password|passwd|secret|token|api[_-]?key|cookie|authorization))=(?!=|\{\{[^{}]*\}\})[^\s&;"'`]+/giu;
const SECRET_NAME =
  /token|secret|passw|pwd|passphrase|key$|^auth|authorization|credential|cookie|signature|^sig$|^jwt$/iu;
/** A variable of the environment of a process may have any name: more of them than elsewhere stand for a secret. */
const SECRET_VARIABLE = /pass|key|auth|cred|private|salt|dsn|session|sig/iu;
/** As long and as mixed as an access key of a service. */
const RANDOM_TEXT = /^(?=.*\d)(?=.*[a-z])[\w+/=.-]{16,}$/iu;

/** The text with `***` in the place of each secret. */
export function withoutSecrets(text: string): string {
  return text
    .replace(USER_INFO, `$1${HIDDEN}@`)
    .replace(PARAMETER, (whole: string, mark: string, name: string, value: string) =>
      SECRET_NAME.test(decoded(name)) && !TEMPLATES_ONLY.test(value) ? `${mark}${name}=${HIDDEN}` : whole,
    )
    .replace(HEADER, `$1$2${HIDDEN}`)
    .replace(ASSIGNMENT, `$1=${HIDDEN}`);
}

/** Shorter values would hide parts of ordinary words. */
const VALUE_LENGTH_MIN = 4;

/** The text with `***` in the place of each of these values, also as they stand in an address. */
export function withoutValues(text: string, values: readonly string[]): string {
  let clean = text;
  // Longer ones first: one may be a part of another.
  for (const value of values.toSorted((a, b) => b.length - a.length)) {
    if (value.length < VALUE_LENGTH_MIN) continue;
    clean = clean.replaceAll(value, HIDDEN).replaceAll(encodeURIComponent(value), HIDDEN);
  }
  return clean;
}

/** Whether a value of this name is a secret, to judge by the name. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The whole of a value, the user info of an address, or the value of a parameter. */
const HIDDEN_HERE = /^\*{3}$|\*{3}@|=\*{3}(?![^&;#])/u;

/** Whether a text that was written without its secrets lacks one. */
export function lacksSecret(text: string): boolean {
  return HIDDEN_HERE.test(text);
}

/** `withoutSecrets` for plain data, where the name of a value counts as well. */
export function dataWithoutSecrets<T>(value: T): T;
export function dataWithoutSecrets(value: unknown): unknown {
  return visit(value, false);
}

function visit(value: unknown, secret: boolean): unknown {
  if (typeof value === 'string') return secret ? HIDDEN : withoutSecrets(value);
  if (Array.isArray(value)) return value.map((each) => visit(each, secret));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      if (name === 'env') return [name, environmentWithoutSecrets(each)];
      return [name, visit(each, secret || name === 'headers' || SECRET_NAME.test(name))];
    }),
  );
}

/** Ports, modes and addresses stay, since a process can't be started again without them. */
function environmentWithoutSecrets(env: unknown): unknown {
  if (typeof env !== 'object' || env === null) return visit(env, true);
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, visit(value, isSecretVariable(name, value))]),
  );
}

function isSecretVariable(name: string, value: unknown): boolean {
  if (typeof value === 'string' && TEMPLATES_ONLY.test(value)) return false;
  if (SECRET_NAME.test(name) || SECRET_VARIABLE.test(name)) return true;
  return typeof value === 'string' && RANDOM_TEXT.test(value) && !value.includes('/');
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
