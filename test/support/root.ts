import { resolve } from 'node:path';

/** The folder of this project. */
export const root = resolve(__dirname, '../..');
