import type { IConfigurable } from './IConfigurable';

/** A component that can be configured again while it runs. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- the published name says it, not its members
export interface IReconfigurable extends IConfigurable {}
