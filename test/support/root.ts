import { resolve } from 'node:path';

/** The root folder of this project. */
export const root = resolve(__dirname, '../..');
