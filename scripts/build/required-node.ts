/** The oldest Node.js version that runs the modules, major and minor. */
export const requiredNode = '18.17';
