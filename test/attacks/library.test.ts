import { describe } from 'vitest';
import { besiege } from './siege.ts';
import { Target } from './targets.ts';

describe('a server that uses the library', () => besiege(() => Target.library()));
