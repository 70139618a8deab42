import type { ConfigParams, IContext, INotifiable } from 'pip-services4-components-node';

export interface IConfigReader {
    /** Reads the configuration, and fills in its variables from `parameters`. */
    readConfig(context: IContext | null, parameters: ConfigParams | null): Promise<ConfigParams>;
    addChangeListener(listener: INotifiable): void;
    removeChangeListener(listener: INotifiable): void;
}
