import { say } from './console.ts';
import { type Outputs, reason } from './outputs.ts';

/** @returns whether it could be written */
export function writeText(outputs: Outputs, file: string, text: string): boolean {
  try {
    outputs.write(file, text);
    return true;
  } catch (error) {
    say(`Cannot write "${file}": ${reason(error)}; the report above is complete`);
    return false;
  }
}
