import type { ConfigParams, IContext, INotifiable } from 'pip-services4-components-node';

/** A reader of configurations, which may contain variables. */
export interface IConfigReader {
    /** Reads the configuration, and fills in its variables from `parameters`. */
    readConfig(context: IContext | null, parameters: ConfigParams | null): Promise<ConfigParams>;
    addChangeListener(listener: INotifiable): void;
    removeChangeListener(listener: INotifiable): void;
}
