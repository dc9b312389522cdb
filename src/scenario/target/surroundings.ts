/** What a scenario refers to outside of its own file. Paths are relative to the folder of that file. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => FileReading;
  /** Why a folder can't be worked in, in words; undefined when it can. */
  readonly folderProblem: (path: string) => string | undefined;
  /** Why a program can't be run from a folder, in words; undefined when it can. */
  readonly programProblem: (program: string, folder: string) => string | undefined;
  /** Why a text holds no certificates, in words; undefined when it does. */
  readonly certificateProblem: (pem: string) => string | undefined;
}

export type FileReading =
  | { readonly ok: true; readonly bytes: Uint8Array }
  /** @param why - in words, as in `there is no such file` */
  | { readonly ok: false; readonly why: string };
