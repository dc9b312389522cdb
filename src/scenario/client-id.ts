/** Conversion between the number of a simulated client and its id on the wire. */

const ID = /^c(0|[1-9]\d*)$/;

export function clientId(client: number): string {
  return `c${client}`;
}

/** @returns undefined for an id that is not of a simulated client */
export function clientNumber(id: string): number | undefined {
  const digits = ID.exec(id)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
