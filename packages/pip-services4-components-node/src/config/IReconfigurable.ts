import type { IConfigurable } from './IConfigurable';

/** A component that takes another configuration while it runs. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- the published name says it, not its members
export interface IReconfigurable extends IConfigurable {}
