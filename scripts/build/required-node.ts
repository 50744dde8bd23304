/** The oldest Node.js the modules run on, major and minor: the one place that says so. */
export const requiredNode = '18.17';
