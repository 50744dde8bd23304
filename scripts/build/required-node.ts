/** The oldest Node.js that runs the modules, major and minor: the only definition. */
export const requiredNode = '18.17';
