import { randomBytes } from 'node:crypto';
import type { NewId } from '../../protocol/ports.ts';

/** 128 bits from the operating system, as 22 characters that need no escaping. */
export const newSecretId: NewId = () => randomBytes(16).toString('base64url');
