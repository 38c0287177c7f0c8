/** The words of the views upload, jobs, saved and status. */

export default {};
