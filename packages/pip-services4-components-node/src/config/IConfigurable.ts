import type { ConfigParams } from './ConfigParams';

/** A component that has configuration parameters. */
export interface IConfigurable {
    configure(config: ConfigParams): void;
}
