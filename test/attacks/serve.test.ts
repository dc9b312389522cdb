import { describe } from 'vitest';
import { besiege } from './siege.ts';
import { Target } from './targets.ts';

describe('serve', () => besiege(() => Target.serve()));
