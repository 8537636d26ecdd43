"""What a caregiver sees: each module a page, with the values that its template shows."""
