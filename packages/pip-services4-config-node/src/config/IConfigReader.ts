import type { ConfigParams, IContext, INotifiable } from 'pip-services4-components-node';

export interface IConfigReader {
    /** `parameters` fill in the variables of the configuration. */
    readConfig(context: IContext | null, parameters: ConfigParams | null): Promise<ConfigParams>;
    addChangeListener(listener: INotifiable): void;
    removeChangeListener(listener: INotifiable): void;
}
