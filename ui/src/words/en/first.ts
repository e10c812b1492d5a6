/** Words of the page. */
export const first = { title: "First run" };
