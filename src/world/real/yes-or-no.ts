/**
 * Asks a hook of an application that has to answer at once: only `true` is a yes.
 *
 * @param onError - told what it threw, and of an answer that is neither yes nor no, such as that of an async function
 */
export function isYes(ask: () => unknown, onError: (error: unknown) => void): boolean {
  try {
    const answer = ask();
    if (typeof answer === 'boolean') return answer;
    if (answer instanceof Promise) {
      // What it rejects with must not end the process: that it is a promise is the mistake to tell of.
      answer.catch(() => {});
      throw new TypeError('it answered with a promise, and has to answer at once with true or false');
    }
    throw new TypeError(
      `it answered with ${answer === null ? 'null' : typeof answer}, not with true or false`,
    );
  } catch (error) {
    onError(error);
    return false;
  }
}
