export { ConfigParams } from './config/ConfigParams';
export type { IConfigurable } from './config/IConfigurable';
export type { IReconfigurable } from './config/IReconfigurable';
export { Context } from './context/Context';
export { ContextResolver } from './context/ContextResolver';
export type { IContext } from './context/IContext';
