"""Where a long text can be cut: headings, articles of statutes, parts of case files, numbered sections, pages."""
